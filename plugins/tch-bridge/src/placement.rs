//! On which device a component computes.

use ficta_core::{Ctx, Device, Error, Level, Result};
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
    if wanted != Device::CPU {
        let (level, line) = line(component, wanted, found(wanted).err());
        ctx.log(level, &line);
    }
}

/// What to tell: `component` computes where it is wanted, or on the CPU since that cannot be had. The others have no names here: a backbone knows its loss,
/// and a denoiser its sampler, by what they do alone.
fn line(component: &str, wanted: Device, refusal: Option<Error>) -> (Level, String) {
    match refusal {
        Some(why) => (
            Level::WARN,
            format!("{component} computes on the CPU, not on {wanted:?}: {}", why.message()),
        ),
        None => (
            Level::INFO,
            format!("{component} computes on {wanted:?}; what other components work on is copied to the CPU and back"),
        ),
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

#[cfg(test)]
mod tests {
    use ficta_core::testing::RecordingHost;

    use super::*;

    #[test]
    fn a_line_says_where_it_computes_and_what_is_copied() {
        assert_eq!(
            line("iresnet", Device::cuda(1), None),
            (
                Level::INFO,
                "iresnet computes on cuda:1; what other components work on is copied to the CPU and back".to_owned()
            )
        );
        assert_eq!(
            line(
                "unet",
                Device::cuda(7),
                Some(Error::unsupported("libtorch sees 1 GPU(s)"))
            ),
            (
                Level::WARN,
                "unet computes on the CPU, not on cuda:7: libtorch sees 1 GPU(s)".to_owned()
            )
        );
    }

    #[test]
    fn nothing_is_said_of_the_cpu() {
        let host = RecordingHost::new(0).on(Device::CPU);
        say_device("iresnet", &Ctx::new(&host));
        assert_eq!(host.log_lines(), []);
        let host = RecordingHost::new(0).on(Device::cuda(99));
        say_device("iresnet", &Ctx::new(&host));
        assert!(host.heard("iresnet computes on the CPU, not on cuda:99: "));
    }
}
