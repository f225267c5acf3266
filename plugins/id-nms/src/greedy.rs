//! Greedy non-maximum suppression.

use ficta_core::{Ctx, Decision, Result, SelectionMut};
use rayon::ThreadPool;

use crate::{
    parent_quota::ParentQuota,
    scene::Scene,
    similarity::{Match, best, best_of_each, better},
    workers::block,
};

/// What to compare with.
pub(crate) struct Limits {
    pub(crate) real: f64,
    pub(crate) selected: f64,
    /// Stop at that many; 0 for all.
    pub(crate) target: usize,
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) decision: Decision,
    pub(crate) blocker: Option<Match>,
}

impl Verdict {
    pub(crate) const KEEP: Self = Self {
        decision: Decision::KEEP,
        blocker: None,
    };
    pub(crate) const UNSEEN: Self = Self {
        decision: Decision::TARGET_REACHED,
        blocker: None,
    };
}

/// The outcome.
pub(crate) struct Outcome {
    /// By candidate.
    pub(crate) verdicts: Vec<Verdict>,
    /// Selected candidates, in order.
    pub(crate) selected: Vec<usize>,
}

impl Outcome {
    /// Fills the caller's tensors, whose shapes have been checked, and returns how many are selected.
    pub(crate) fn write(&self, mut out: SelectionMut<'_>) -> Result<usize> {
        let decision = out.decision.as_mut_slice::<u8>()?.iter_mut();
        let blocker = out.blocker.as_mut_slice::<i64>()?.iter_mut();
        let cosine = out.cosine.as_mut_slice::<f32>()?.iter_mut();
        for (((verdict, decision), blocker), cosine) in self.verdicts.iter().zip(decision).zip(blocker).zip(cosine) {
            *decision = verdict.decision.0;
            *blocker = verdict.blocker.map_or(-1, |m| m.index as i64);
            *cosine = verdict.blocker.map_or(f32::NAN, |m| m.cosine as f32);
        }
        let rank = out.rank.as_mut_slice::<i64>()?;
        rank.fill(-1);
        for (place, candidate) in self.selected.iter().enumerate() {
            rank[*candidate] = place as i64;
        }
        Ok(self.selected.len())
    }
}

/// Looks at the candidates in `order`.
///
/// Works in blocks: first each candidate of a block is compared, in parallel, with all real identities and with those selected
/// before the block; then the block is decided on one by one. That equals one candidate after the other, because a cosine is a
/// function of two rows alone and the best of the matches does not depend on how they are grouped.
pub(crate) fn select(
    scene: &Scene<'_>,
    order: &[usize],
    limits: &Limits,
    mut quota: ParentQuota,
    pool: &ThreadPool,
    ctx: &Ctx<'_>,
) -> Result<Outcome> {
    let everybody: Vec<usize> = (0..scene.real.len()).collect();
    let mut outcome = Outcome {
        verdicts: vec![Verdict::UNSEEN; order.len()],
        selected: Vec::new(),
    };
    let mut rest = order;
    while !rest.is_empty() {
        ctx.progress((order.len() - rest.len()) as u64, order.len() as u64, "candidates")?;
        let before = outcome.selected.len();
        let size = block(everybody.len() + before, scene.candidates.dim()).min(rest.len());
        let (members, later) = rest.split_at(size);
        rest = later;

        let too_real: Vec<Option<Match>> = pool
            .install(|| best_of_each(&scene.candidates, members, &scene.real, &everybody))
            .into_iter()
            .map(|nearest| nearest.filter(|m| m.cosine > limits.real))
            .collect();
        let open: Vec<usize> = members
            .iter()
            .zip(&too_real)
            .filter(|(_, real)| real.is_none())
            .map(|(member, _)| *member)
            .collect();
        let mut earlier = pool
            .install(|| best_of_each(&scene.candidates, &open, &scene.candidates, &outcome.selected))
            .into_iter();

        for (&candidate, too_real) in members.iter().zip(too_real) {
            if limits.target > 0 && outcome.selected.len() == limits.target {
                return Ok(outcome);
            }
            outcome.verdicts[candidate] = if too_real.is_some() {
                Verdict {
                    decision: Decision::REAL,
                    blocker: too_real,
                }
            } else {
                let earlier = earlier.next().flatten();
                let within = best(
                    &scene.candidates,
                    candidate,
                    &scene.candidates,
                    &outcome.selected[before..],
                );
                judge(scene, candidate, better(earlier, within), limits, &quota)
            };
            if outcome.verdicts[candidate].decision == Decision::KEEP {
                quota.count(candidate);
                outcome.selected.push(candidate);
            }
        }
    }
    ctx.progress(order.len() as u64, order.len() as u64, "candidates")?;
    Ok(outcome)
}

/// Decides on a candidate that is not too similar to a real identity. `nearest` is the best match among the selected.
fn judge(scene: &Scene<'_>, candidate: usize, nearest: Option<Match>, limits: &Limits, quota: &ParentQuota) -> Verdict {
    if let Some(index) = quota.exhausted(candidate) {
        let cosine = scene.candidates.cosine(candidate, &scene.real, index);
        return Verdict {
            decision: Decision::PARENT_CAP,
            blocker: Some(Match { cosine, index }),
        };
    }
    match nearest.filter(|m| m.cosine > limits.selected) {
        Some(twin) => Verdict {
            decision: Decision::SELECTED,
            blocker: Some(twin),
        },
        None => Verdict::KEEP,
    }
}
