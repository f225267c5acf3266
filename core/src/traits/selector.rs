use abi_stable::{StableAbi, std_types::ROption};

use crate::{Ctx, Error, Identities, Result, TensorMut, TensorRef};

/// K candidates for fictional identities.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Candidates<'a> {
    /// Unit features, f32 `[K,d]`.
    pub feature: TensorRef<'a>,
    /// Parents, i64 `[K,2]`, as rows of the real identities; -1 where there is none.
    pub parents: ROption<TensorRef<'a>>,
    /// Predicted total variance, f32 `[K]`; NaN where there is no prediction.
    pub variance: ROption<TensorRef<'a>>,
}

/// What became of a candidate, and why.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Decision(pub u8);

impl Decision {
    /// Selected.
    pub const KEEP: Self = Self(1);
    /// Dropped: too similar to a real identity, the blocker.
    pub const REAL: Self = Self(2);
    /// Dropped: too similar to one already selected, the blocker.
    pub const SELECTED: Self = Self(3);
    /// Dropped: a parent has given its share already.
    pub const PARENT_CAP: Self = Self(4);
    /// Not looked at: the target was reached before.
    pub const TARGET_REACHED: Self = Self(5);

    /// The word in the audit table.
    pub fn name(self) -> &'static str {
        match self {
            Self::KEEP => "keep",
            Self::REAL => "real",
            Self::SELECTED => "selected",
            Self::PARENT_CAP => "parent-cap",
            Self::TARGET_REACHED => "target-reached",
            _ => "unknown",
        }
    }
}

/// Room for the outcome of a selection among K candidates.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct SelectionMut<'a> {
    /// [`Decision`]s, u8 `[K]`.
    pub decision: TensorMut<'a>,
    /// i64 `[K]`: the row of the real identities, or the candidate, that led to the drop; for [`Decision::PARENT_CAP`] the parent's row; else -1.
    pub blocker: TensorMut<'a>,
    /// f32 `[K]`: cosine to the blocker; NaN without one.
    pub cosine: TensorMut<'a>,
    /// i64 `[K]`: position in the order of selection, -1 where not selected.
    pub rank: TensorMut<'a>,
}

/// Decides which candidates stay.
pub trait IdSelector: Send {
    /// Decides on every candidate and returns how many were selected. Ties are broken by candidate index.
    ///
    /// A selector that may work for hours can be one that goes on after its process has ended: where its parameters have a `checkpoint`, the host gives it
    /// there `{ file, every }`, a file of its own to write its state to (whole or not at all) and the seconds between two writings. The same file comes with
    /// the next call; a state of other inputs, parameters or seed is to be left aside, which the selector must tell by itself.
    ///
    /// # Errors
    /// Wrong shapes, non-finite or zero features (with the row), infinite variances where they are used, cancellation.
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize>;

    /// How many candidates would survive at each threshold of `thresholds` (f32 `[G]`), into `kept` (i64 `[G]`).
    ///
    /// # Errors
    /// As for [`IdSelector::select`]; unsupported where a selector has no threshold.
    fn yield_curve(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        thresholds: TensorRef<'_>,
        kept: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let _ = (candidates, real, thresholds, kept, ctx);
        Err(Error::unsupported(
            "this selector has no threshold, so it has no yield curve",
        ))
    }
}
