//! Square convolutions without bias.

use ficta_tch_bridge::{TchResult, conv2d};
use tch::{Device, Kind, Tensor};

/// Feature maps of at most this height count as small.
const SMALL: i64 = 4;

/// `x` `[B,in,H,W]` to `[B,out,H/stride,W/stride]`, rounded up, in `compute`; `weight` `[out,in,k,k]` with an odd k.
///
/// In bf16 some convolutions are trained in f32 on the CPU all the same: those whose gradient on the weights oneDNN 3 computes with threads that spin at
/// barriers. On an idle machine the difference is small; beside any other busy process each barrier costs a time slice of the scheduler,
/// and a step of a small network took ten to twenty times as long.
pub fn convolve(x: &Tensor, weight: &Tensor, stride: i64, training: bool, compute: Kind) -> TchResult {
    let kernel = weight.size()[2];
    let small = x.size()[2] <= SMALL * stride;
    let spins = training && kernel > 1 && (stride > 1 || small);
    if compute == Kind::BFloat16 && spins && x.device() == Device::Cpu {
        return conv2d(x, weight, None, stride, kernel / 2, Kind::Float)?.f_to_kind(compute);
    }
    conv2d(x, weight, None, stride, kernel / 2, compute)
}

/// As [`convolve`], in `groups` groups and with `padding`: depthwise convolutions, and those over a whole feature map.
pub fn convolve_groups(x: &Tensor, weight: &Tensor, [stride, padding, groups]: [i64; 3], compute: Kind) -> TchResult {
    let (x, weight) = (x.f_to_kind(compute)?, weight.f_to_kind(compute)?);
    x.f_conv2d(&weight, None::<&Tensor>, [stride; 2], [padding; 2], [1; 2], groups)
}
