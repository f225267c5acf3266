use abi_stable::{StableAbi, std_types::ROption};

use crate::{Ctx, Result, TensorMut, TensorRef};

/// Statistics of M real identities.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Identities<'a> {
    /// Mean of each identity's unit features, f32 `[M,d]`, itself not normalised.
    pub mean: TensorRef<'a>,
    /// Total variance, f32 `[M]`; NaN where it is unknown.
    pub variance: TensorRef<'a>,
    /// Variance of each dimension, f32 `[M,d]`.
    pub variance_per_dim: ROption<TensorRef<'a>>,
    /// Images of each identity, i64 `[M]`.
    pub count: TensorRef<'a>,
}

/// Room for K candidates.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CandidatesMut<'a> {
    /// Unit features, f32 `[K,d]`.
    pub feature: TensorMut<'a>,
    /// Rows of the real identities each was made from, i64 `[K,2]`; -1 where there is none.
    pub parents: TensorMut<'a>,
    /// Position between the parents measured from the first, f32 `[K]`; NaN where there is none.
    pub t: TensorMut<'a>,
    /// Predicted total variance, f32 `[K]`; NaN where there is no prediction.
    pub variance: TensorMut<'a>,
}

/// Proposes fictional identities.
pub trait IdProposer: Send {
    /// How many candidates [`IdProposer::propose`] makes of `identities` real ones when asked for `requested` (0: as many as it has).
    ///
    /// # Errors
    /// More than there can be, too few identities.
    fn count(&self, identities: usize, requested: usize) -> Result<usize>;

    /// Fills `out`, whose K is what [`IdProposer::count`] gave. A candidate does not depend on how many are asked for: more of them are appended.
    ///
    /// # Errors
    /// Wrong shapes or types; non-finite or zero means and non-finite variances (with the row), where they are used; cancellation.
    /// A variance of NaN is no error where it serves the prediction alone: that is NaN then.
    fn propose(&mut self, identities: &Identities<'_>, out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()>;
}
