//! Taking a failed step's traces back.

use ficta_core::Result;
use ficta_tch_bridge::{OrBackend, Parameters, TchResult};
use tch::Tensor;

/// The running statistics before a step. The forward pass moves them long before the step can still fail.
pub struct RunningStatistics(Vec<(Tensor, Tensor)>);

impl RunningStatistics {
    /// Copies them.
    pub fn keep(parameters: &Parameters) -> Result<Self> {
        let buffers = parameters.iter().filter(|(name, _)| {
            ["running_mean", "running_var", "num_batches_tracked"]
                .iter()
                .any(|end| name.ends_with(end))
        });
        Ok(Self(buffers.map(|(_, t)| (t.shallow_clone(), t.copy())).collect()))
    }

    /// Writes them back.
    pub fn restore(self) -> Result<()> {
        let write = |(mut live, kept): (Tensor, Tensor)| -> TchResult<()> { live.f_copy_(&kept) };
        tch::no_grad(|| self.0.into_iter().try_for_each(write)).or_backend("taking running statistics back")
    }
}
