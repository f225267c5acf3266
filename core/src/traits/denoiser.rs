use std::path::Path;

use abi_stable::{StableAbi, std_types::RVec};

use crate::{Ctx, Result, SaveKind, TensorMut, TensorRef};

/// What the network's output means, for x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prediction(u8);

impl Prediction {
    /// v = sqrt(abar_t) eps - sqrt(1 - abar_t) x_0 (Salimans and Ho 2022).
    pub const V: Self = Self(0);
    /// The noise eps (Ho et al. 2020).
    pub const EPSILON: Self = Self(1);
    /// The clean image x_0.
    pub const SAMPLE: Self = Self(2);
}

/// What a denoiser is.
#[repr(C)]
#[derive(StableAbi, Clone, Debug, PartialEq)]
pub struct DenoiserInfo {
    /// Image channels C.
    pub channels: usize,
    /// Image height H in pixels.
    pub height: usize,
    /// Image width W in pixels.
    pub width: usize,
    /// Length d of a condition; 0 before [`Denoiser::initialise`] or [`Denoiser::load`].
    pub condition_dim: usize,
    /// What the output means.
    pub prediction: Prediction,
    /// abar_t for t = 0 .. T-1, from nearly 1 down to nearly 0.
    pub alpha_bar: RVec<f64>,
    /// Trainable parameters.
    pub parameters: u64,
}

/// A conditional generative network.
pub trait Denoiser: Send {
    /// Dimensions and noise schedule.
    fn info(&self) -> DenoiserInfo;

    /// Draws new weights for conditions of length `condition_dim` from `seed`.
    ///
    /// # Errors
    /// A size that cannot be built.
    fn initialise(&mut self, condition_dim: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()>;

    /// Predicts, as [`DenoiserInfo::prediction`] says, with the weights for use (EMA).
    ///
    /// `x_t` f32 `[B,C,H,W]`, `t` i64 `[B]` in 0..T, `condition` f32 `[B,d]` unit ID features or `None` for the unconditional branch of
    /// classifier-free guidance, `out` f32 `[B,C,H,W]`. A row depends on its inputs alone.
    ///
    /// # Errors
    /// Wrong shapes or types, t out of range, images or conditions that are not finite, not initialised, cancellation.
    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()>;

    /// One optimizer step; returns the batch's mean loss.
    ///
    /// `images` f32 `[B,C,H,W]` in [-1,1], `conditions` f32 `[B,d]` unit ID features, `seeds` u64 `[B]`: each row draws its timestep,
    /// its noise and whether its condition is dropped from its own seed.
    ///
    /// # Errors
    /// Wrong shapes or types, images or conditions that are not finite, not initialised, a loss that is not finite, cancellation.
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64>;

    /// Writes to `path`, whole or not at all.
    ///
    /// # Errors
    /// Not initialised; writing failed.
    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()>;

    /// Takes up what [`Denoiser::save`] wrote; a checkpoint also brings the optimizer's state.
    ///
    /// # Errors
    /// Reading failed, or the file belongs to a network of other dimensions.
    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()>;
}
