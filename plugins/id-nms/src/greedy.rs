//! Greedy non-maximum suppression.

use ficta_core::{Ctx, Decision, Result};

use crate::{
    crowd::Crowd,
    field::Field,
    journal::Journal,
    metric::Side,
    outcome::{Outcome, Verdict},
    parent_quota::ParentQuota,
    search::Search,
    seeker::{Match, Nearest},
};

/// What is too similar, as scores of the measure, and when to stop.
pub(crate) struct Limits {
    pub(crate) real: f64,
    pub(crate) selected: f64,
    /// Stop at that many; 0 for all.
    pub(crate) target: usize,
}

/// A journal, and what became of the first candidates in an earlier process.
pub(crate) struct Past {
    pub(crate) journal: Journal,
    pub(crate) verdicts: Vec<Verdict>,
}

/// Looks at the candidates in `order`; with a past, at those that it does not tell of.
///
/// Works in blocks: first each candidate of a block is compared, in parallel, with real identities and with those selected before the
/// block; then the block is decided on one by one. That equals one candidate after the other, because a score is a function of two
/// rows alone and the best of the matches does not depend on how they are grouped.
pub(crate) fn select(
    field: &Field<'_>,
    order: &[usize],
    limits: &Limits,
    mut quota: ParentQuota<'_>,
    mut past: Option<Past>,
    ctx: &Ctx<'_>,
) -> Result<Outcome> {
    let (measure, total) = (&field.measure, order.len() as u64);
    let floor = |candidate: usize| measure.floor(candidate, Side::Selected, limits.selected);
    let mut crowd = Crowd::new(field, floor);
    let mut outcome = Outcome {
        verdicts: vec![Verdict::UNSEEN; order.len()],
        selected: Vec::new(),
    };
    let mut rest = order;
    if let Some(past) = &past {
        let (known, unknown) = order.split_at(past.verdicts.len());
        for (candidate, verdict) in known.iter().zip(&past.verdicts) {
            if verdict.decision == Decision::KEEP {
                quota.count(*candidate);
                crowd.push(*candidate, f32::MIN);
                outcome.selected.push(*candidate);
            }
            outcome.verdicts[*candidate] = *verdict;
        }
        rest = unknown;
    }
    while !rest.is_empty() {
        let done = order.len() - rest.len();
        if let Some(past) = &mut past {
            past.journal.note(order, done, &outcome.verdicts, ctx);
        }
        ctx.progress(done as u64, total, "candidates")?;
        let (members, later) = rest.split_at(crowd.block().min(rest.len()));
        rest = later;
        let before = crowd.len();

        let too_real = field.nearest_real(measure, members, limits.real);
        let open = members.iter().zip(&too_real).filter(|(_, real)| real.is_none());
        let search = |(i, _): (&usize, _)| Search::new(*i, Nearest::new(measure, *i, Side::Selected, limits.selected));
        let mut searches: Vec<_> = open.map(search).collect();
        crowd.seek(&mut searches);

        let mut searches = searches.into_iter();
        let mut decided = Vec::with_capacity(searches.len());
        for (&candidate, too_real) in members.iter().zip(too_real) {
            if limits.target > 0 && crowd.len() == limits.target {
                return Ok(outcome);
            }
            let verdict = if let Some(real) = too_real {
                Verdict::blocked(Decision::REAL, real)
            } else {
                let Search { mut seeker, trail, .. } = searches.next().expect("one for each that is open");
                let verdict = match quota.exhausted(candidate) {
                    Some(parent) => Verdict::blocked(Decision::PARENT_CAP, with_parent(field, candidate, parent)),
                    None => {
                        crowd.catch_up(candidate, &mut seeker, &trail, before, &decided);
                        seeker
                            .best()
                            .map_or(Verdict::KEEP, |twin| Verdict::blocked(Decision::SELECTED, twin))
                    }
                };
                decided.push((candidate, verdict.decision == Decision::KEEP));
                verdict
            };
            if verdict.decision == Decision::KEEP {
                quota.count(candidate);
                crowd.push(candidate, f32::MIN);
                outcome.selected.push(candidate);
            }
            outcome.verdicts[candidate] = verdict;
        }
    }
    ctx.progress(total, total, "candidates")?;
    Ok(outcome)
}

fn with_parent(field: &Field<'_>, candidate: usize, parent: usize) -> Match {
    let cosine = field.scene.candidates.cosine(candidate, &field.scene.real, parent);
    Match {
        score: field.measure.score(candidate, Side::Real, parent, cosine),
        cosine,
        index: parent,
    }
}
