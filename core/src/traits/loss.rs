use abi_stable::StableAbi;

use crate::{Ctx, Error, Result, TensorMut, TensorRef};

/// One batch, as a loss on cosines sees it.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct LossInput<'a> {
    /// Cosines between embeddings and class centres, f32 `[B,C]`, nominally in [-1,1]; rounding may exceed that slightly.
    pub cosines: TensorRef<'a>,
    /// Norms of the raw embeddings, f32 `[B]`.
    pub norms: TensorRef<'a>,
    /// Class of each row, i64 `[B]`, in 0..C. Where the head is split over processes, -1 says that the class is another's.
    pub labels: TensorRef<'a>,
    /// Index of the optimizer step, for losses that draw random margins.
    pub step: u64,
}

/// Room for the gradient.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct LossGradient<'a> {
    /// d loss / d cosines, f32 `[B,C]`.
    pub cosines: TensorMut<'a>,
    /// d loss / d norms, f32 `[B]`; zeros where the loss does not use them.
    pub norms: TensorMut<'a>,
}

/// A training loss on cosines, with its analytic gradient.
pub trait Loss: Send {
    /// Returns the mean loss over the batch and overwrites `gradient`. `&mut self` is for running statistics.
    ///
    /// # Errors
    /// Shapes that do not agree, labels out of range, cosines that are not finite, norms that are not where they are used, cancellation.
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64>;

    /// The running statistics, for a checkpoint; empty for a loss without any.
    ///
    /// # Errors
    /// A state that cannot be written.
    fn save_state(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Takes up what [`Loss::save_state`] gave.
    ///
    /// # Errors
    /// A state that is not this loss's.
    fn load_state(&mut self, state: &[u8]) -> Result<()> {
        if state.is_empty() {
            return Ok(());
        }
        Err(Error::data(format!(
            "this loss keeps no state, but the checkpoint has {} bytes of it",
            state.len()
        ))
        .help("the checkpoint was written with another loss; start the training anew"))
    }
}
