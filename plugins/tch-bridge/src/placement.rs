//! On which device a component computes.

use ficta_core::{Ctx, Device, Result};
use tch::Tensor;

use crate::{OrBackend, TchResult};

/// libtorch's name for the device that the host wants, where this libtorch has it; else the CPU.
pub fn device(ctx: &Ctx<'_>) -> tch::Device {
    let wanted = ctx.device();
    if wanted.kind != Device::cuda(0).kind {
        return tch::Device::Cpu;
    }
    match usize::try_from(wanted.id) {
        Ok(id) if i64::from(wanted.id) < tch::Cuda::device_count() => tch::Device::Cuda(id),
        _ => tch::Device::Cpu,
    }
}

/// Tells the log where `component` computes, unless the host wants the CPU.
pub fn say_device(component: &str, ctx: &Ctx<'_>) {
    let wanted = ctx.device();
    match device(ctx) {
        _ if wanted == Device::CPU => {}
        tch::Device::Cpu => ctx.warn(&format!(
            "{component} computes on the CPU: this libtorch has no {wanted:?} (ficta's build takes another libtorch from LIBTORCH)"
        )),
        _ => ctx.info(&format!(
            "{component} computes on {wanted:?}; what other components work on is copied to the CPU and back"
        )),
    }
}

/// `tensor` on `device`, cut from its graph; itself where it is there already.
pub(crate) fn placed(tensor: &Tensor, device: tch::Device) -> TchResult {
    if tensor.device() == device {
        return Ok(tensor.shallow_clone());
    }
    tch::no_grad(|| tensor.f_detach()?.f_to_device(device))
}

/// Moves all of `tensors`, or none.
pub(crate) fn move_all(tensors: &mut Vec<Tensor>, device: tch::Device) -> Result<()> {
    let moved: TchResult<Vec<Tensor>> = tensors.iter().map(|tensor| placed(tensor, device)).collect();
    *tensors = moved.or_backend("moving tensors to another device")?;
    Ok(())
}
