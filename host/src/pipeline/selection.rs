//! What a selector decides, checked.

use ficta_core::{Ctx, Decision, Error, ErrorKind, IdSelector, Result, SelectionMut, TensorMut, TensorRef};
use serde::{Deserialize, Serialize};

use super::{candidates::CandidateTable, identities::IdentityTable};
use crate::storage::{Table, Tensors};

/// The outcome of a selection among K candidates.
pub struct Selection {
    /// Decision on each.
    pub decision: Vec<Decision>,
    /// Row of the real identities, or the candidate, that each was dropped for; -1 without one.
    pub blocker: Vec<i64>,
    /// Cosine to it; NaN without one.
    pub cosine: Vec<f32>,
    /// Candidates that stay, in order of selection.
    pub kept: Vec<usize>,
}

impl Selection {
    /// How many candidates have this decision.
    pub fn count(&self, decision: Decision) -> usize {
        self.decision.iter().filter(|d| **d == decision).count()
    }

    /// Refuses a selection that leaves nothing; `selector` names who decided, `help` says what to do.
    ///
    /// # Errors
    /// No candidate stays.
    pub fn require_survivors(&self, selector: &str, help: &str) -> Result<()> {
        if !self.kept.is_empty() {
            return Ok(());
        }
        Err(Error::data(format!(
            "none of {} candidates survives `{selector}`: {} too similar to a real identity, {} to a selected one",
            self.decision.len(),
            self.count(Decision::REAL),
            self.count(Decision::SELECTED),
        ))
        .help(help))
    }

    /// The tensors of a selected file: those of the candidates that stay, in order of selection, and `index` into the candidates.
    ///
    /// # Errors
    /// None that well-formed input can give.
    pub fn tensors(&self, candidates: &CandidateTable) -> Result<Tensors> {
        let index: Vec<i64> = self.kept.iter().map(|i| *i as i64).collect();
        let mut tensors = candidates.select(&self.kept).tensors()?;
        tensors.insert("index", &[index.len()], index)?;
        Ok(tensors)
    }
}

/// Runs a selector and checks that what it says is consistent.
///
/// # Errors
/// The selector's; decisions, ranks and counts that contradict each other.
pub fn run(
    selector: &mut dyn IdSelector,
    candidates: &CandidateTable,
    real: &IdentityTable,
    ctx: &Ctx<'_>,
) -> Result<Selection> {
    let k = candidates.len();
    let (mut decision, mut blocker, mut rank) = (vec![0u8; k], vec![-1i64; k], vec![-1i64; k]);
    let mut cosine = vec![f32::NAN; k];
    let out = SelectionMut {
        decision: TensorMut::new(&mut decision, &[k])?,
        blocker: TensorMut::new(&mut blocker, &[k])?,
        cosine: TensorMut::new(&mut cosine, &[k])?,
        rank: TensorMut::new(&mut rank, &[k])?,
    };
    let count = selector.select(&candidates.view()?, &real.view()?, out, ctx)?;
    let contradicts = |what: String| Error::data(format!("the selector contradicts itself: {what}"));
    if count > k {
        return Err(contradicts(format!("it says {count} selected of {k} candidates")));
    }
    let mut kept = vec![usize::MAX; count];
    for (i, (&r, &d)) in rank.iter().zip(&decision).enumerate() {
        let slot = usize::try_from(r).ok().and_then(|r| kept.get_mut(r));
        match (slot, Decision(d) == Decision::KEEP) {
            (Some(slot), true) if *slot == usize::MAX => *slot = i,
            (None, false) if r == -1 => {}
            _ => {
                return Err(contradicts(format!(
                    "candidate {i} has decision {d} and rank {r} of {count} selected"
                )));
            }
        }
    }
    if kept.contains(&usize::MAX) {
        return Err(contradicts(format!("it says {count} selected, but names fewer")));
    }
    for (i, (&by, &d)) in blocker.iter().zip(&decision).enumerate() {
        let rows = match Decision(d) {
            Decision::REAL | Decision::PARENT_CAP => 0..real.len() as i64,
            Decision::SELECTED => 0..k as i64,
            _ => -1..0,
        };
        if !rows.contains(&by) {
            return Err(contradicts(format!(
                "candidate {i} is `{}` by row {by}, expected one of {} to {}",
                Decision(d).name(),
                rows.start,
                rows.end - 1
            )));
        }
    }
    Ok(Selection {
        decision: decision.into_iter().map(Decision).collect(),
        blocker,
        cosine,
        kept,
    })
}

/// Every decision: candidate, parent_a, parent_b, t, variance, decision, blocker, cosine.
///
/// # Errors
/// None that well-formed input can give.
pub fn audit(candidates: &CandidateTable, selection: &Selection) -> Result<Table> {
    let parent = |which: usize| {
        candidates
            .parents
            .iter()
            .skip(which)
            .step_by(2)
            .copied()
            .collect::<Vec<_>>()
    };
    Table::new()
        .with("candidate", (0..candidates.len() as i64).collect::<Vec<_>>())?
        .with("parent_a", parent(0))?
        .with("parent_b", parent(1))?
        .with("t", candidates.t.clone())?
        .with("variance", candidates.variance.clone())?
        .with(
            "decision",
            selection
                .decision
                .iter()
                .map(|d| d.name().to_owned())
                .collect::<Vec<_>>(),
        )?
        .with("blocker", selection.blocker.clone())?
        .with("cosine", selection.cosine.clone())
}

/// How many candidates stay at each threshold.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct YieldCurve {
    /// Thresholds, ascending.
    pub threshold: Vec<f32>,
    /// Survivors.
    pub kept: Vec<i64>,
}

/// How many would stay at thresholds from 0 to 1 in steps of 0.02; `None` where the selector has no threshold.
///
/// # Errors
/// The selector's; counts that cannot be.
pub fn yield_curve(
    selector: &mut dyn IdSelector,
    candidates: &CandidateTable,
    real: &IdentityTable,
    ctx: &Ctx<'_>,
) -> Result<Option<YieldCurve>> {
    let threshold: Vec<f32> = (0..=50).map(|i| i as f32 / 50.0).collect();
    let mut kept = vec![0i64; threshold.len()];
    let shape = [threshold.len()];
    let done = selector.yield_curve(
        &candidates.view()?,
        &real.view()?,
        TensorRef::new(&threshold, &shape)?,
        TensorMut::new(&mut kept, &shape)?,
        ctx,
    );
    match done {
        Ok(()) => match kept.iter().position(|n| !(0..=candidates.len() as i64).contains(n)) {
            None => Ok(Some(YieldCurve { threshold, kept })),
            Some(at) => Err(Error::data(format!(
                "the selector's yield curve tells of {} kept at threshold {}, but there are {} candidates",
                kept[at],
                threshold[at],
                candidates.len()
            ))),
        },
        Err(e) if e.kind() == ErrorKind::UNSUPPORTED => Ok(None),
        Err(e) => Err(e.context("yield curve")),
    }
}
