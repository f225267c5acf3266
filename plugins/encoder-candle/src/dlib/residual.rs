//! The two residual blocks of dlib's face network.

use candle_core::{Result as CandleResult, Tensor};
use ficta_core::Result;

use super::layer::load;
use super::pool::average_pool;
use super::weights::Weights;
use crate::convolution::{Convolution, activation::Activation, scratch::Scratch, window::Window};
use crate::elementwise::{combine, relu};

const SAME: Window = Window::square(3, 1, 1);
const HALVING: Window = Window::square(3, 2, 0);

/// A residual block; `Halve` takes its input at half size and may widen it.
#[derive(Debug)]
pub enum Residual {
    /// `relu(conv2(relu(conv1(x))) + x)`, both 3x3 with zero padding.
    Keep(Convolution, Convolution),
    /// `relu(conv2(relu(conv1(x))) + pool(x))`: `conv1` 3x3, stride 2, unpadded; `pool` the 2x2 mean with stride 2. Where the two differ
    /// in height, width or channels, the smaller is filled with zeros at the bottom, at the right and behind its last channel.
    Halve(Convolution, Convolution),
}

impl Residual {
    /// The block that keeps size and `channels`.
    pub fn load_keep(weights: &mut Weights, name: &str, channels: usize, scratch: &Scratch) -> Result<Self> {
        let (first, second) = (format!("{name}/conv1"), format!("{name}/conv2"));
        let both = [channels, channels];
        Ok(Self::Keep(
            load(weights, &first, SAME, both, Activation::Relu, scratch)?,
            load(weights, &second, SAME, both, Activation::Relu, scratch)?,
        ))
    }

    /// The block that halves the map.
    pub fn load_halve(
        weights: &mut Weights,
        name: &str,
        [inputs, outputs]: [usize; 2],
        scratch: &Scratch,
    ) -> Result<Self> {
        let (first, second) = (format!("{name}/conv1"), format!("{name}/conv2"));
        Ok(Self::Halve(
            load(weights, &first, HALVING, [inputs, outputs], Activation::Relu, scratch)?,
            load(
                weights,
                &second,
                SAME,
                [outputs, outputs],
                Activation::Identity,
                scratch,
            )?,
        ))
    }

    /// `[N,H,W,in]` to `[N,H',W',out]`.
    pub fn forward(&self, map: &Tensor) -> CandleResult<Tensor> {
        match self {
            Self::Keep(first, second) => second.forward_add(&first.forward(map)?, map),
            Self::Halve(first, second) => {
                let branch = second.forward(&first.forward(map)?)?;
                let shortcut = average_pool(map, 2)?;
                combine(&grow(&branch, &shortcut)?, &grow(&shortcut, &branch)?, |a, b| {
                    relu(a + b)
                })
            }
        }
    }
}

/// `map`, filled with zeros up to `other`'s extent along each axis where that is larger.
fn grow(map: &Tensor, other: &Tensor) -> CandleResult<Tensor> {
    let mut out = map.clone();
    for (axis, (own, others)) in map.dims().iter().zip(other.dims()).enumerate() {
        out = out.pad_with_zeros(axis, 0, others.saturating_sub(*own))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
