use crate::{Ctx, Denoiser, Result, TensorMut, TensorRef};

/// Makes images from noise with any denoiser.
pub trait Sampler: Send {
    /// Fills `out`, f32 `[B,C,H,W]` in [-1,1], with one image for each condition.
    ///
    /// `conditions` f32 `[B,d]` unit ID features, `seeds` u64 `[B]`: the noise of row b is drawn from `seeds[b]` alone, so that an image
    /// does not depend on the batch it is made in.
    ///
    /// # Errors
    /// Wrong shapes, conditions that are not finite, a denoiser whose output cannot be used, non-finite images, cancellation.
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()>;

    /// How often [`Sampler::sample`] asks a denoiser with a schedule of `timesteps` steps for a batch, where that is known beforehand: the cost of an image.
    /// Since plugin API 1.1.
    fn predictions(&self, timesteps: usize) -> Option<u64> {
        let _ = timesteps;
        None
    }
}
