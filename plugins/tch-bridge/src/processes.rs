//! Data-parallel training.

use ficta_core::{Ctx, ReduceOp, Result};
use tch::Tensor;

use crate::{HostBuffer, OrBackend, TchResult};

/// Averages a loss and its gradients over the processes of the run, each with a batch of equal size, in one message; returns the mean loss. A value
/// that is not finite on one process is so on all, so all can stop together. Does nothing in a run of one process.
///
/// # Errors
/// The communicator's; libtorch's.
pub fn average_over_processes(loss: f64, gradients: &mut [Tensor], ctx: &Ctx<'_>) -> Result<f64> {
    if ctx.world_size() == 1 {
        return Ok(loss);
    }
    let doing = "averaging gradients over processes";
    let share = 1.0 / ctx.world_size() as f64;
    let flat = tch::no_grad(|| {
        let mut parts = gradients
            .iter()
            .map(|g| g.f_reshape([-1]))
            .collect::<TchResult<Vec<_>>>()?;
        let device = gradients.first().map_or(tch::Device::Cpu, Tensor::device);
        parts.push(Tensor::f_from_slice(&[loss as f32])?.f_to_device(device)?);
        Tensor::f_cat(&parts, 0)
    });
    let mut buffer = HostBuffer::copy_of(&flat.or_backend(doing)?)?;
    ctx.all_reduce(buffer.view_mut()?, ReduceOp::SUM)?;
    let sums = buffer.into_tensor(tch::Device::Cpu)?;
    tch::no_grad(|| {
        let mean = sums.f_mul_scalar(share)?;
        let mut start = 0;
        for g in gradients.iter_mut() {
            let count = g.numel() as i64;
            g.f_copy_(&mean.f_narrow(0, start, count)?.f_reshape(g.size())?)?;
            start += count;
        }
        mean.f_double_value(&[start])
    })
    .or_backend(doing)
}
