//! dlib's face-recognition network.

use candle_core::{Device, Result as CandleResult, Tensor};
use ficta_core::Result;

use crate::backend::backend;
use crate::convolution::Convolution;
use crate::im2col::Window;
use crate::pool::max_pool;
use crate::residual::Residual;
use crate::weights::Weights;

/// Height and width of the input in pixels.
pub const SIDE: usize = 150;
/// Length of a feature.
pub const DIM: usize = 128;
/// Means of red, green and blue that dlib subtracts; it divides by 256 afterwards.
const MEAN: [f32; 3] = [122.782, 117.001, 104.298];

const STEM: Window = Window {
    size: 7,
    stride: 2,
    padding: 0,
};
const PIXEL: Window = Window {
    size: 1,
    stride: 1,
    padding: 0,
};

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
        let stem = Convolution::load(&mut weights, "conv32_down", STEM, [3, 32])?.with_relu();
        let blocks = BLOCKS
            .iter()
            .map(|(name, inputs, outputs, halves)| match halves {
                true => Residual::load_halve(&mut weights, name, *inputs, *outputs),
                false => Residual::load_keep(&mut weights, name, *inputs),
            })
            .collect::<Result<_>>()?;
        let fc = weights.take("fc", &[256, DIM])?;
        weights.finish()?;
        let fc = backend("reading `fc`", Convolution::new(fc, vec![0.0; DIM], PIXEL, DIM))?;
        Ok(Self { stem, blocks, fc })
    }

    /// The feature `[128]` of one picture: RGB of 0 to 255, `[150,150,3]`.
    pub fn forward(&self, mut picture: Vec<f32>) -> Result<Vec<f32>> {
        for pixel in picture.chunks_exact_mut(3) {
            for (value, mean) in pixel.iter_mut().zip(MEAN) {
                *value = (*value - mean) / 256.0;
            }
        }
        let run = || -> CandleResult<Vec<f32>> {
            let picture = Tensor::from_vec(picture, (SIDE, SIDE, 3), &Device::Cpu)?;
            let mut map = max_pool(&self.stem.forward(&picture)?, 3, 2)?;
            for block in &self.blocks {
                map = block.forward(&map)?;
            }
            self.fc.forward(&map.mean_keepdim((0, 1))?)?.flatten_all()?.to_vec1()
        };
        backend("the forward pass", run())
    }
}
