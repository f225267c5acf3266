//! The two residual blocks of dlib's face network.

use candle_core::{Result as CandleResult, Tensor};
use ficta_core::Result;

use crate::convolution::Convolution;
use crate::im2col::Window;
use crate::pool::average_pool;
use crate::weights::Weights;

const SAME: Window = Window {
    size: 3,
    stride: 1,
    padding: 1,
};
const HALVING: Window = Window {
    size: 3,
    stride: 2,
    padding: 0,
};

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
    pub fn load_keep(weights: &mut Weights, name: &str, channels: usize) -> Result<Self> {
        let both = [channels, channels];
        Ok(Self::Keep(
            Convolution::load(weights, &format!("{name}/conv1"), SAME, both)?.with_relu(),
            Convolution::load(weights, &format!("{name}/conv2"), SAME, both)?,
        ))
    }

    /// The block that halves the map.
    pub fn load_halve(weights: &mut Weights, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self::Halve(
            Convolution::load(weights, &format!("{name}/conv1"), HALVING, [inputs, outputs])?.with_relu(),
            Convolution::load(weights, &format!("{name}/conv2"), SAME, [outputs, outputs])?,
        ))
    }

    /// `[H,W,in]` to `[H',W',out]`.
    pub fn forward(&self, map: &Tensor) -> CandleResult<Tensor> {
        match self {
            Self::Keep(first, second) => (second.forward(&first.forward(map)?)? + map)?.relu(),
            Self::Halve(first, second) => {
                let branch = second.forward(&first.forward(map)?)?;
                let shortcut = average_pool(map, 2)?;
                (grow(&branch, &shortcut)? + grow(&shortcut, &branch)?)?.relu()
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
