//! dlib's face-recognition network.

use candle_core::{Result as CandleResult, Tensor};
use ficta_core::Result;

use super::layer::load;
use super::pool::max_pool;
use super::residual::Residual;
use super::weights::Weights;
use crate::convolution::{Convolution, Filters, activation::Activation, scratch::Scratch, window::Window};

/// Height and width of the input in pixels.
pub const SIDE: usize = 150;
/// Length of a feature.
pub const DIM: usize = 128;
/// Means of red, green and blue that dlib subtracts; it divides by 256 afterwards.
pub const MEAN: [f32; 3] = [122.782, 117.001, 104.298];

const STEM: Window = Window::square(7, 2, 0);
const PIXEL: Window = Window::square(1, 1, 0);

/// Block, channels in, channels out, whether it halves the map.
const BLOCKS: [(&str, usize, usize, bool); 14] = [
    ("conv32_1", 32, 32, false),
    ("conv32_2", 32, 32, false),
    ("conv32_3", 32, 32, false),
    ("conv64_down", 32, 64, true),
    ("conv64_1", 64, 64, false),
    ("conv64_2", 64, 64, false),
    ("conv64_3", 64, 64, false),
    ("conv128_down", 64, 128, true),
    ("conv128_1", 128, 128, false),
    ("conv128_2", 128, 128, false),
    ("conv256_down", 128, 256, true),
    ("conv256_1", 256, 256, false),
    ("conv256_2", 256, 256, false),
    ("conv256_down_out", 256, 256, true),
];

/// 7x7 convolution, 3x3 maximum, fourteen residual blocks, mean over the map, linear map to 128 numbers.
#[derive(Debug)]
pub struct Network {
    stem: Convolution,
    blocks: Vec<Residual>,
    /// The linear map, as a 1x1 convolution of the one pixel that is left.
    fc: Convolution,
}

impl Network {
    /// Builds the network and uses up all of `weights`.
    pub fn load(mut weights: Weights) -> Result<Self> {
        let scratch = &Scratch::default();
        let stem = load(&mut weights, "conv32_down", STEM, [3, 32], Activation::Relu, scratch)?;
        let blocks = BLOCKS
            .iter()
            .map(|(name, inputs, outputs, halves)| match halves {
                true => Residual::load_halve(&mut weights, name, [*inputs, *outputs], scratch),
                false => Residual::load_keep(&mut weights, name, *inputs, scratch),
            })
            .collect::<Result<_>>()?;
        let fc = weights.take("fc", &[256, DIM])?;
        weights.finish()?;
        let fc = Filters::new(PIXEL, [256, DIM], fc, &[0.0; DIM]);
        Ok(Self {
            stem,
            blocks,
            fc: fc.into_convolution(Activation::Identity, scratch),
        })
    }

    /// The features `[N,128]` of pictures `[N,150,150,3]`: RGB of 0 to 255, less [`MEAN`], over 256.
    pub fn forward(&self, pictures: &Tensor) -> CandleResult<Tensor> {
        let mut maps = max_pool(&self.stem.forward(pictures)?, 3, 2)?;
        for block in &self.blocks {
            maps = block.forward(&maps)?;
        }
        self.fc.forward(&maps.mean_keepdim((1, 2))?)?.flatten_from(1)
    }
}
