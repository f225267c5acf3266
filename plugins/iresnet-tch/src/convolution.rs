//! Square convolutions without bias.

use ficta_tch_bridge::{TchResult, conv2d};
use tch::{Kind, Tensor};

/// `x` `[B,in,H,W]` to `[B,out,H/stride,W/stride]`, rounded up, in `compute`; `weight` `[out,in,k,k]` with an odd k.
pub fn convolve(x: &Tensor, weight: &Tensor, stride: i64, compute: Kind) -> TchResult {
    conv2d(x, weight, None, stride, weight.size()[2] / 2, compute)
}

/// As [`convolve`], in `groups` groups and with `padding`: depthwise convolutions, and those over a whole feature map.
pub fn convolve_groups(x: &Tensor, weight: &Tensor, [stride, padding, groups]: [i64; 3], compute: Kind) -> TchResult {
    let (x, weight) = (x.f_to_kind(compute)?, weight.f_to_kind(compute)?);
    x.f_conv2d(&weight, None::<&Tensor>, [stride; 2], [padding; 2], [1; 2], groups)
}
