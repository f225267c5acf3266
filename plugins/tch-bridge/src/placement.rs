//! On which device a component computes.

use ficta_core::{Ctx, Device, Error, Result};
use tch::Tensor;

use crate::{OrBackend, TchResult, cuda};

/// libtorch's name for the device that the host wants, where this libtorch has it; else the CPU.
pub fn device(ctx: &Ctx<'_>) -> tch::Device {
    found(ctx.device()).unwrap_or(tch::Device::Cpu)
}

/// The device that is wanted, or why it cannot be had.
fn found(wanted: Device) -> Result<tch::Device> {
    if wanted.kind != Device::cuda(0).kind {
        return Ok(tch::Device::Cpu);
    }
    cuda::load()?;
    let there = tch::Cuda::device_count();
    match usize::try_from(wanted.id) {
        Ok(id) if i64::from(wanted.id) < there => Ok(tch::Device::Cuda(id)),
        _ => Err(Error::unsupported(format!("libtorch sees {there} GPU(s)"))),
    }
}

/// Tells the log where `component` computes, unless the host wants the CPU.
pub fn say_device(component: &str, ctx: &Ctx<'_>) {
    let wanted = ctx.device();
    match found(wanted) {
        _ if wanted == Device::CPU => {}
        Err(why) => ctx.warn(&format!(
            "{component} computes on the CPU, not on {wanted:?}: {}",
            why.message()
        )),
        Ok(_) => ctx.info(&format!(
            "{component} computes on {wanted:?}; what other components work on is copied to the CPU and back"
        )),
    }
}

/// Whether these tensors, all on one device, are on a GPU.
pub(crate) fn on_a_gpu(tensors: &[Tensor]) -> bool {
    tensors
        .first()
        .is_some_and(|tensor| tensor.device() != tch::Device::Cpu)
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
