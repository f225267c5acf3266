//! The residual block of iresnet.

use ficta_core::Result;
use ficta_tch_bridge::{ParameterId, Parameters, TchResult};
use tch::Tensor;

use crate::{
    batch_norm::BatchNorm,
    convolution::convolve,
    layout::{Mode, id},
};

/// bn1, conv1, bn2, prelu, conv2 (which has the stride), bn3, plus the input; nothing after the sum.
#[derive(Clone, Debug)]
pub struct ResidualBlock {
    bn1: BatchNorm,
    conv1: ParameterId,
    bn2: BatchNorm,
    slopes: ParameterId,
    conv2: ParameterId,
    bn3: BatchNorm,
    shortcut: Option<Shortcut>,
    stride: i64,
}

/// Brings the input to the output's shape: 1x1 convolution with the block's stride, then a norm.
#[derive(Clone, Debug)]
struct Shortcut {
    conv: ParameterId,
    norm: BatchNorm,
}

impl ResidualBlock {
    /// The one called `name`. The first of a layer halves the image and has a shortcut.
    pub fn find(among: &Parameters, name: &str, eps: f64, first: bool) -> Result<Self> {
        let norm = |part: &str| BatchNorm::find(among, &format!("{name}.{part}"), eps);
        let tensor = |part: &str| id(among, &format!("{name}.{part}.weight"));
        let shortcut = match first {
            true => Some(Shortcut {
                conv: tensor("downsample.0")?,
                norm: norm("downsample.1")?,
            }),
            false => None,
        };
        Ok(Self {
            bn1: norm("bn1")?,
            conv1: tensor("conv1")?,
            bn2: norm("bn2")?,
            slopes: tensor("prelu")?,
            conv2: tensor("conv2")?,
            bn3: norm("bn3")?,
            shortcut,
            stride: if first { 2 } else { 1 },
        })
    }

    /// `x` `[B,in,H,W]` to `[B,out,H/stride,W/stride]`, rounded up, in the mode's type.
    pub fn forward(&self, weights: &[Tensor], x: &Tensor, mode: &Mode) -> TchResult {
        let compute = mode.compute;
        let y = self.bn1.forward(weights, x, mode)?;
        let y = convolve(&y, self.conv1.of(weights), 1, compute)?;
        let y = self.bn2.forward_prelu(weights, &y, self.slopes.of(weights), mode)?;
        let y = convolve(&y, self.conv2.of(weights), self.stride, compute)?;
        let y = self.bn3.forward(weights, &y, mode)?;
        match &self.shortcut {
            None => y.f_add(x),
            Some(Shortcut { conv, norm }) => {
                let x = convolve(x, conv.of(weights), self.stride, compute)?;
                y.f_add(&norm.forward(weights, &x, mode)?)
            }
        }
    }
}
