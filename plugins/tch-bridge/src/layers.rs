//! Convolution, linear layer and group norm over a list of weights.
//!
//! A layer holds places, not tensors: the same network runs on the weights in training, on their EMA, or on copies in bf16.

use ficta_core::Result;
use tch::{Device, Kind, Tensor};

use crate::{Initialiser, OrBackend, ParameterId, Parameters, TchResult, channels_last, conv2d};

/// Where a layer's weights start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// PyTorch's default: uniform within 1/sqrt(fan_in).
    FanIn,
    /// All zero: a residual branch that begins as nothing.
    Zero,
}

/// `x weight^T + bias` with the products in `compute`, as [`conv2d`].
///
/// # Errors
/// libtorch's: shapes that do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, compute: Kind) -> TchResult {
    let bias = bias.map(|b| b.f_to_kind(compute)).transpose()?;
    x.f_to_kind(compute)?.f_linear(&weight.f_to_kind(compute)?, bias)
}

fn start_at(draw: Initialiser, name: &str, shape: &[i64], fan_in: i64, start: Start) -> Result<Tensor> {
    match start {
        Start::FanIn => draw.fan_in_uniform(name, shape, fan_in),
        Start::Zero => draw.constant(shape, 0.0),
    }
}

/// Square convolution with "same" padding and a bias.
#[derive(Clone, Copy, Debug)]
pub struct Conv2d {
    weight: ParameterId,
    bias: ParameterId,
    stride: i64,
    padding: i64,
}

impl Conv2d {
    /// Adds `{name}.weight` `[out,in,kernel,kernel]` and `{name}.bias` `[out]`.
    ///
    /// # Errors
    /// A name that is taken; libtorch's.
    pub fn new(
        to: &mut Parameters,
        draw: Initialiser,
        name: &str,
        [inputs, outputs]: [i64; 2],
        kernel: i64,
        stride: i64,
        start: Start,
    ) -> Result<Self> {
        let fan_in = inputs * kernel * kernel;
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let filters = start_at(draw, &weight, &[outputs, inputs, kernel, kernel], fan_in, start)?;
        let offsets = start_at(draw, &bias, &[outputs], fan_in, start)?;
        // Filters in the memory order of the images: reordering others for oneDNN takes longer than the convolution.
        let filters = channels_last::copy(&filters, Kind::Float, filters.device()).or_backend("creating weights")?;
        Ok(Self {
            weight: to.add(weight, filters)?,
            bias: to.add(bias, offsets)?,
            stride,
            padding: kernel / 2,
        })
    }

    /// `x` `[B,in,H,W]` to `[B,out,H/stride,W/stride]` in `compute`.
    ///
    /// # Errors
    /// libtorch's: shapes that do not fit.
    pub fn forward(&self, weights: &[Tensor], x: &Tensor, compute: Kind) -> TchResult {
        conv2d(
            x,
            self.weight.of(weights),
            Some(self.bias.of(weights)),
            self.stride,
            self.padding,
            compute,
        )
    }
}

/// Linear layer with a bias.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    weight: ParameterId,
    bias: ParameterId,
}

impl Linear {
    /// Adds `{name}.weight` `[out,in]` and `{name}.bias` `[out]`.
    ///
    /// # Errors
    /// A name that is taken; libtorch's.
    pub fn new(
        to: &mut Parameters,
        draw: Initialiser,
        name: &str,
        [inputs, outputs]: [i64; 2],
        start: Start,
    ) -> Result<Self> {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let matrix = start_at(draw, &weight, &[outputs, inputs], inputs, start)?;
        let offsets = start_at(draw, &bias, &[outputs], inputs, start)?;
        Ok(Self {
            weight: to.add(weight, matrix)?,
            bias: to.add(bias, offsets)?,
        })
    }

    /// `x` `[.., in]` to `[.., out]` in `compute`.
    ///
    /// # Errors
    /// libtorch's: shapes that do not fit.
    pub fn forward(&self, weights: &[Tensor], x: &Tensor, compute: Kind) -> TchResult {
        linear(x, self.weight.of(weights), Some(self.bias.of(weights)), compute)
    }
}

/// Group norm (Wu and He 2018), eps 1e-5. Statistics and scale are f32 whatever the input's type, which the result has too.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm {
    weight: ParameterId,
    bias: ParameterId,
    groups: i64,
}

impl GroupNorm {
    /// Adds `{name}.weight` (ones) and `{name}.bias` (zeros), both `[channels]`.
    ///
    /// # Errors
    /// A name that is taken; libtorch's.
    pub fn new(to: &mut Parameters, draw: Initialiser, name: &str, channels: i64, groups: i64) -> Result<Self> {
        let weight = to.add(format!("{name}.weight"), draw.constant(&[channels], 1.0)?)?;
        let bias = to.add(format!("{name}.bias"), draw.constant(&[channels], 0.0)?)?;
        Ok(Self { weight, bias, groups })
    }

    /// Normalises `x` `[B,C,..]`.
    ///
    /// # Errors
    /// libtorch's: channels that the groups do not divide.
    pub fn forward(&self, weights: &[Tensor], x: &Tensor) -> TchResult {
        let normalise = |x: &Tensor| {
            let (weight, bias) = (self.weight.of(weights), self.bias.of(weights));
            x.f_group_norm(self.groups, Some(weight), Some(bias), 1e-5, false)
        };
        // CUDA's kernel wants input and weights of one type.
        if x.device() != Device::Cpu && x.kind() != Kind::Float {
            return normalise(&x.f_to_kind(Kind::Float)?)?.f_to_kind(x.kind());
        }
        normalise(x)
    }
}
