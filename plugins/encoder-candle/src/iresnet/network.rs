//! The network, with every batch normalisation folded into a convolution.

use candle_core::{Result as CandleResult, Tensor};
use ficta_core::{Error, Result};
use ficta_state_dict::StateDict;

use super::batch_norm::BatchNorm;
use super::shape::NetworkShape;
use crate::convolution::{Convolution, Filters, activation::Activation, scratch::Scratch, window::Window};

const SAME: Window = Window::square(3, 1, 1);
const HALVING: Window = Window::square(3, 2, 1);
const SHORTCUT: Window = Window::square(1, 2, 0);

/// Stem, residual blocks, and a linear layer over the last map.
#[derive(Debug)]
pub struct Network {
    stem: Convolution,
    blocks: Vec<Block>,
    /// The linear layer, as a convolution whose window is the whole map.
    tail: Convolution,
}

/// bn1, conv1, bn2, PReLU, conv2, bn3, plus the input or its shortcut.
#[derive(Debug)]
struct Block {
    first: Convolution,
    second: Convolution,
    shortcut: Option<Convolution>,
}

/// Builds layers out of a file.
struct Builder<'a> {
    weights: &'a mut StateDict,
    eps: f64,
    scratch: Scratch,
}

impl Builder<'_> {
    fn filters(&mut self, name: &str, window: Window, [inputs, outputs]: [usize; 2]) -> Result<Filters> {
        let shape = [outputs, inputs, window.size[0], window.size[1]];
        let oihw = self.weights.take(&format!("{name}.weight"), &shape)?;
        Ok(Filters::from_oihw(
            window,
            [inputs, outputs],
            &oihw,
            &vec![0.0; outputs],
        ))
    }

    fn norm(&mut self, name: &str, channels: usize) -> Result<BatchNorm> {
        BatchNorm::take(self.weights, name, channels, self.eps)
    }

    fn prelu(&mut self, name: &str, channels: usize) -> Result<Activation> {
        Ok(Activation::Prelu(
            self.weights.take(&format!("{name}.weight"), &[channels])?,
        ))
    }

    /// Convolution, then norm.
    fn normed(&mut self, name: &str, norm: &str, window: Window, channels: [usize; 2]) -> Result<Filters> {
        let mut filters = self.filters(name, window, channels)?;
        let norm = self.norm(norm, channels[1])?;
        filters.scale_output(&norm.scales, &norm.shifts);
        Ok(filters)
    }

    fn block(&mut self, name: &str, [inputs, outputs]: [usize; 2], first: bool) -> Result<Block> {
        let of = |part: &str| format!("{name}.{part}");
        let mut conv1 = self.normed(&of("conv1"), &of("bn2"), SAME, [inputs, outputs])?;
        let before = self.norm(&of("bn1"), inputs)?;
        conv1.scale_input(&before.scales, &before.shifts);
        let prelu = self.prelu(&of("prelu"), outputs)?;
        let window = if first { HALVING } else { SAME };
        let conv2 = self.normed(&of("conv2"), &of("bn3"), window, [outputs, outputs])?;
        let shortcut = match first {
            true => Some(self.normed(&of("downsample.0"), &of("downsample.1"), SHORTCUT, [inputs, outputs])?),
            false => None,
        };
        let plain = |filters: Filters| filters.into_convolution(Activation::Identity, &self.scratch);
        Ok(Block {
            second: plain(conv2),
            shortcut: shortcut.map(plain),
            first: conv1.into_convolution(prelu, &self.scratch),
        })
    }

    fn tail(&mut self, channels: usize, extent: usize, dim: usize) -> Result<Convolution> {
        let fc = self.weights.take("fc.weight", &[dim, channels * extent * extent])?;
        let bias = self.weights.take("fc.bias", &[dim])?;
        // PyTorch flattens channels, rows, columns: the order of filters of this size.
        let mut filters = Filters::from_oihw(Window::square(extent, 1, 0), [channels, dim], &fc, &bias);
        let before = self.norm("bn2", channels)?;
        filters.scale_input(&before.scales, &before.shifts);
        let behind = self.norm("features", dim)?;
        filters.scale_output(&behind.scales, &behind.shifts);
        Ok(filters.into_convolution(Activation::Identity, &self.scratch))
    }
}

impl Network {
    /// Builds the network and uses up all of `weights`.
    ///
    /// # Errors
    /// `DATA` for a tensor that is missing, of another shape, not finite, or of another network.
    pub fn load(mut weights: StateDict, shape: &NetworkShape) -> Result<Self> {
        // Counters say nothing in evaluation, and many files leave them out.
        weights.ignore(|name| name.ends_with(".num_batches_tracked"));
        let mut builder = Builder {
            weights: &mut weights,
            eps: shape.bn_eps,
            scratch: Scratch::default(),
        };
        let stem = builder.normed("conv1", "bn1", SAME, [shape.channels, shape.widths[0]])?;
        let prelu = builder.prelu("prelu", shape.widths[0])?;
        let stem = stem.into_convolution(prelu, &builder.scratch);
        let mut blocks = Vec::new();
        for layer in 0..4 {
            let [inputs, outputs] = [shape.widths[layer], shape.widths[layer + 1]];
            for block in 0..shape.blocks[layer] {
                let name = format!("layer{}.{block}", layer + 1);
                let inputs = if block == 0 { inputs } else { outputs };
                blocks.push(builder.block(&name, [inputs, outputs], block == 0)?);
            }
        }
        let tail = builder.tail(shape.widths[4], shape.input_size.div_ceil(16), shape.dim)?;
        let strangers: Vec<&str> = weights.names().collect();
        if let Some(first) = strangers.first() {
            return Err(Error::data(format!(
                "{} has {} tensors that an iresnet lacks, the first is `{first}`",
                weights.source(),
                strangers.len()
            ))
            .help("iresnet's names are those of InsightFace's arcface_torch; is the file another network's?"));
        }
        Ok(Self { stem, blocks, tail })
    }

    /// The features `[N,dim]` of normalised pictures `[N,H,W,C]`.
    pub fn forward(&self, pictures: &Tensor) -> CandleResult<Tensor> {
        let mut maps = self.stem.forward(pictures)?;
        for block in &self.blocks {
            let branch = block.first.forward(&maps)?;
            maps = match &block.shortcut {
                Some(shortcut) => block.second.forward_add(&branch, &shortcut.forward(&maps)?),
                None => block.second.forward_add(&branch, &maps),
            }?;
        }
        self.tail.forward(&maps)?.flatten_from(1)
    }
}
