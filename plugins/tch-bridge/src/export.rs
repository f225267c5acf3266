//! Results into the host's memory.

use ficta_core::{Device, Error, Result, TensorMut};
use tch::Tensor;

use crate::{OrBackend, kind::kind_of};

/// Writes `source` into `out` in one pass, whatever `source`'s memory order and element type.
///
/// # Errors
/// Another shape, memory that is not the host's, or an element type that libtorch lacks.
pub fn write_out(source: &Tensor, out: &mut TensorMut<'_>) -> Result<()> {
    if out.device() != Device::CPU {
        return Err(
            Error::unsupported(format!("output on {:?}, expected host memory", out.device()))
                .help("give room on the CPU; a component that computes elsewhere copies its result there"),
        );
    }
    let shape: Vec<i64> = out.shape().iter().map(|d| *d as i64).collect();
    if source.size() != shape {
        return Err(Error::shape(format!(
            "result of shape {:?} into an output of shape {shape:?}",
            source.size()
        )));
    }
    let kind = kind_of(out.dtype())?;
    tch::no_grad(|| {
        // SAFETY: the buffer holds `len` elements of that type in row-major order; `&mut` makes this the only access, and the alias does not
        // leave this block.
        let mut alias = unsafe { Tensor::f_from_blob(out.as_mut_ptr(), &shape, &[], kind, tch::Device::Cpu) }?;
        alias.f_copy_(source)
    })
    .or_backend("writing a result out")
}
