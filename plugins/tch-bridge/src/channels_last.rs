//! The memory order NHWC, in which libtorch's convolutions are fastest. tch has no memory formats; strides do the same.

use tch::{Device, Kind, Tensor};

use crate::TchResult;

/// Strides of an NCHW tensor of this shape in the memory order NHWC.
pub fn strides([_, c, h, w]: [i64; 4]) -> [i64; 4] {
    [h * w * c, 1, w * c, c]
}

/// New, unfilled memory in channels-last order.
///
/// # Errors
/// libtorch's: out of memory.
pub fn empty(shape: [i64; 4], kind: Kind, device: Device) -> TchResult {
    Tensor::f_empty_strided(shape, strides(shape), (kind, device))
}

/// A copy of an NCHW tensor in new memory on `device`, in channels-last order; not recorded for gradients.
///
/// # Errors
/// libtorch's: fewer or more than four dimensions, out of memory.
pub fn copy(source: &Tensor, kind: Kind, device: Device) -> TchResult {
    let (n, c, h, w) = source.size4()?;
    tch::no_grad(|| {
        // A GPU converts and reorders faster than this side would.
        let source = source.f_to_device(device)?;
        let mut out = empty([n, c, h, w], kind, device)?;
        out.f_copy_(&source)?;
        Ok(out)
    })
}
