use std::path::Path;

use abi_stable::StableAbi;

use crate::{Ctx, Loss, Result, SaveKind, TensorMut, TensorRef};

/// What a backbone is.
#[repr(C)]
#[derive(StableAbi, Clone, Debug, PartialEq)]
pub struct BackboneInfo {
    /// Length d of an embedding.
    pub dim: usize,
    /// Image channels.
    pub channels: usize,
    /// Image height in pixels.
    pub height: usize,
    /// Image width in pixels.
    pub width: usize,
    /// Classes of the head; 0 before [`Backbone::initialise`] or [`Backbone::load`].
    pub classes: usize,
    /// Trainable parameters of the embedder, without the head.
    pub parameters: u64,
}

/// A trainable face embedder with its cosine head and its optimizer.
pub trait Backbone: Send {
    /// Dimensions.
    fn info(&self) -> BackboneInfo;

    /// Draws new weights, for a head of `classes` classes, from `seed`.
    ///
    /// # Errors
    /// A size that cannot be built.
    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()>;

    /// One optimizer step; returns the batch's mean loss.
    ///
    /// `images` f32 `[B,C,H,W]` in [-1,1], `labels` i64 `[B]`. The backbone computes the cosines on its own tape, lends them to `loss` and
    /// back-propagates the gradients that it gets back. `learning_rate` is that of this step.
    ///
    /// # Errors
    /// Wrong shapes or types, labels out of range, images that are not finite, not initialised, a loss that is not finite, the loss's own, cancellation.
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: &mut dyn Loss,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64>;

    /// Raw embeddings in evaluation mode: `images` f32 `[B,C,H,W]` in [-1,1], `out` f32 `[B,d]`. A row depends on its image alone.
    ///
    /// # Errors
    /// Wrong shapes, not initialised, non-finite results, cancellation.
    fn embed(&mut self, images: TensorRef<'_>, out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()>;

    /// Writes to `path`, whole or not at all.
    ///
    /// # Errors
    /// Not initialised; writing failed.
    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()>;

    /// Takes up what [`Backbone::save`] wrote; a checkpoint also brings the head and the optimizer's state.
    ///
    /// # Errors
    /// Reading failed, or the file belongs to a network of other dimensions.
    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()>;
}
