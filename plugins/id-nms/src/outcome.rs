//! What became of the candidates.

use ficta_core::{Decision, Result, SelectionMut};

use crate::seeker::Match;

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) decision: Decision,
    /// -1 without one.
    pub(crate) blocker: i64,
    /// NaN without a blocker.
    pub(crate) cosine: f32,
}

impl Verdict {
    pub(crate) const KEEP: Self = Self::without_blocker(Decision::KEEP);
    pub(crate) const UNSEEN: Self = Self::without_blocker(Decision::TARGET_REACHED);

    const fn without_blocker(decision: Decision) -> Self {
        Self {
            decision,
            blocker: -1,
            cosine: f32::NAN,
        }
    }

    /// Dropped for `blocker`.
    pub(crate) fn blocked(decision: Decision, blocker: Match) -> Self {
        Self {
            decision,
            blocker: blocker.index as i64,
            cosine: blocker.cosine as f32,
        }
    }
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
            *blocker = verdict.blocker;
            *cosine = verdict.cosine;
        }
        let rank = out.rank.as_mut_slice::<i64>()?;
        rank.fill(-1);
        for (place, candidate) in self.selected.iter().enumerate() {
            rank[*candidate] = place as i64;
        }
        Ok(self.selected.len())
    }
}
