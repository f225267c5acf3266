//! Convolution of channels-last maps, with what surrounds it in a network folded in.
//!
//! Candle's own works on `[N,C,H,W]`, gathers element by element and lays the filters out anew in every call. Here filters are packed once,
//! batch normalisations before and behind are part of filters and biases, and the sum with another map and the activation are done while
//! a result is still in a register.

pub mod activation;
mod bias;
mod depthwise;
mod gathered;
pub mod scratch;
pub mod window;
mod winograd;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use pulp::Simd;

use crate::product::vector::{load, store};
use crate::product::{Columns, Instructions};
use activation::Activation;
use bias::{Bias, Biases};
use scratch::Scratch;
use window::Window;

/// Filters, with all that can be folded into them, before they are packed.
#[derive(Clone, Debug)]
pub struct Filters {
    window: Window,
    inputs: usize,
    outputs: usize,
    /// 1, or as many as there are channels.
    groups: usize,
    /// HWIO: `[taps][inputs][outputs]`; `[taps][channels]` where each channel has its own.
    values: Vec<f32>,
    bias: Bias,
}

impl Filters {
    /// HWIO filters `[size, size, inputs, outputs]`, and a bias `[outputs]`.
    pub fn new(window: Window, [inputs, outputs]: [usize; 2], values: Vec<f32>, bias: &[f32]) -> Self {
        assert_eq!(values.len(), window.taps() * inputs * outputs, "filters");
        assert_eq!(bias.len(), outputs, "biases");
        Self {
            window,
            inputs,
            outputs,
            groups: 1,
            values,
            bias: Bias::new(bias),
        }
    }

    /// PyTorch's and ONNX's order of filters: OIHW.
    pub fn from_oihw(window: Window, [inputs, outputs]: [usize; 2], oihw: &[f32], bias: &[f32]) -> Self {
        let taps = window.taps();
        assert_eq!(oihw.len(), taps * inputs * outputs, "filters");
        let mut values = Vec::with_capacity(oihw.len());
        for tap in 0..taps {
            for input in 0..inputs {
                values.extend((0..outputs).map(|output| oihw[(output * inputs + input) * taps + tap]));
            }
        }
        Self::new(window, [inputs, outputs], values, bias)
    }

    /// One filter a channel, `[channels, 1, H, W]`.
    pub fn depthwise(window: Window, channels: usize, oihw: &[f32], bias: &[f32]) -> Self {
        let taps = window.taps();
        assert_eq!(oihw.len(), taps * channels, "filters");
        assert_eq!(bias.len(), channels, "biases");
        let values = (0..taps * channels)
            .map(|i| oihw[i % channels * taps + i / channels])
            .collect();
        Self {
            window,
            inputs: channels,
            outputs: channels,
            groups: channels,
            values,
            bias: Bias::new(bias),
        }
    }

    /// Channels of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Channels of the output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Multiplies each output channel and adds to it: a batch normalisation behind the convolution.
    pub fn scale_output(&mut self, scales: &[f32], shifts: &[f32]) {
        for to_outputs in self.values.chunks_exact_mut(self.outputs) {
            for (filter, scale) in to_outputs.iter_mut().zip(scales) {
                *filter *= scale;
            }
        }
        self.bias.scale_output(scales, shifts);
    }

    /// Multiplies each input channel and adds to it: a batch normalisation before the convolution. The zeros around a map stay zeros.
    pub fn scale_input(&mut self, scales: &[f32], shifts: &[f32]) {
        let own = self.groups > 1;
        self.bias.shift_input(&self.values, shifts, own);
        for (i, line) in self.values.chunks_exact_mut(self.outputs).enumerate() {
            for (output, filter) in line.iter_mut().enumerate() {
                *filter *= scales[if own { output } else { i % self.inputs }];
            }
        }
    }

    /// Packs them.
    pub fn into_convolution(self, activation: Activation, scratch: &Scratch) -> Convolution {
        let instructions = Instructions::best();
        let Self {
            window,
            inputs,
            outputs,
            groups,
            values,
            bias,
        } = self;
        let layer = Layer {
            window,
            inputs,
            outputs,
            bias,
            activation: activation.filled_up(outputs.next_multiple_of(instructions.panel_width())),
            scratch: scratch.clone(),
        };
        let way = match groups {
            1 if winograd::fits(&window, inputs) => Way::Winograd(winograd::columns(&layer, &values, instructions)),
            1 => Way::Gathered(gathered::columns(&layer, &values, instructions)),
            _ => Way::Depthwise(values),
        };
        Convolution {
            layer,
            way,
            instructions,
        }
    }
}

/// A convolution, ready to run.
#[derive(Debug)]
pub struct Convolution {
    layer: Layer,
    way: Way,
    instructions: Instructions,
}

/// What all ways of computing a convolution need to know.
#[derive(Debug)]
struct Layer {
    window: Window,
    inputs: usize,
    outputs: usize,
    bias: Bias,
    activation: Activation,
    scratch: Scratch,
}

/// How it is computed: a matter of the layer alone, so that a result does not depend on what stands beside it.
#[derive(Debug)]
enum Way {
    Winograd(Columns),
    Gathered(Columns),
    /// `[taps][channels]`.
    Depthwise(Vec<f32>),
}

/// The maps of one call.
struct Maps<'a> {
    /// `[N,H,W,inputs]`.
    values: &'a [f32],
    /// Height and width.
    extent: [usize; 2],
    /// Height and width of the result.
    count: [usize; 2],
    biases: Biases,
    /// Added before the activation: as large as the result.
    residual: Option<&'a [f32]>,
}

impl Maps<'_> {
    /// Map, row and column of a pixel of the result, counted through all maps.
    #[inline(always)]
    fn pixel(&self, index: usize) -> (usize, usize, usize) {
        let [high, wide] = self.count;
        let line = index / wide;
        (line / high, line % high, index % wide)
    }
}

impl Layer {
    /// Adds bias and residual to a vector of channels that begins with `channel`, and writes its activation to `out`, a pixel.
    #[inline(always)]
    fn finish<S: Simd>(
        &self,
        simd: S,
        value: S::f32s,
        channel: usize,
        bias: &[f32],
        residual: Option<&[f32]>,
        out: &mut [f32],
    ) {
        let mut value = simd.add_f32s(value, load::<S>(&bias[channel..channel + S::F32_LANES]));
        if channel + S::F32_LANES <= out.len() {
            if let Some(residual) = residual {
                value = simd.add_f32s(value, load::<S>(&residual[channel..channel + S::F32_LANES]));
            }
            let value = self.activation.apply(simd, value, channel);
            store::<S>(&mut out[channel..channel + S::F32_LANES], value);
        } else if channel < out.len() {
            if let Some(residual) = residual {
                value = simd.add_f32s(value, simd.partial_load_f32s(&residual[channel..]));
            }
            let value = self.activation.apply(simd, value, channel);
            simd.partial_store_f32s(&mut out[channel..], value);
        }
    }
}

impl Convolution {
    /// `[N,H,W,inputs]` to `[N,H',W',outputs]`.
    pub fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        maps.apply_op1_no_bwd(self)
    }

    /// The same, with `other` `[N,H',W',outputs]` added before the activation.
    pub fn forward_add(&self, maps: &Tensor, other: &Tensor) -> Result<Tensor> {
        maps.apply_op2_no_bwd(other, self)
    }

    fn run(&self, maps: &[f32], shape: &Shape, residual: Option<(&[f32], &Shape)>) -> Result<(CpuStorage, Shape)> {
        let (number, high, wide, channels) = shape.dims4()?;
        let layer = &self.layer;
        if channels != layer.inputs {
            bail!("a convolution of {} channels got maps {shape:?}", layer.inputs)
        }
        let extent = [high, wide];
        let count = layer.window.count(extent);
        let result = Shape::from((number, count[0], count[1], layer.outputs));
        if let Some((_, other)) = residual.filter(|(_, other)| *other != &result) {
            bail!("a convolution that gives {result:?} is to be added to {other:?}")
        }
        let mut out = vec![0.0; result.elem_count()];
        if !out.is_empty() {
            let width = layer.outputs.next_multiple_of(self.instructions.panel_width());
            let maps = Maps {
                values: maps,
                extent,
                count,
                biases: layer.bias.on(&layer.window, extent, width),
                residual: residual.map(|(values, _)| values),
            };
            match &self.way {
                Way::Winograd(columns) => winograd::convolve(layer, columns, &maps, &mut out, self.instructions),
                Way::Gathered(columns) => gathered::convolve(layer, columns, &maps, &mut out, self.instructions),
                Way::Depthwise(filters) => depthwise::convolve(layer, filters, &maps, &mut out, self.instructions),
            }
        }
        Ok((CpuStorage::F32(out), result))
    }
}

impl CustomOp1 for Convolution {
    fn name(&self) -> &'static str {
        "convolution-nhwc"
    }

    fn cpu_fwd(&self, maps: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run(contiguous(maps, layout)?, layout.shape(), None)
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        "convolution-add-nhwc"
    }

    fn cpu_fwd(
        &self,
        maps: &CpuStorage,
        layout: &Layout,
        other: &CpuStorage,
        other_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let residual = (contiguous(other, other_layout)?, other_layout.shape());
        self.run(contiguous(maps, layout)?, layout.shape(), Some(residual))
    }
}

/// The elements of contiguous memory.
pub fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("contiguous memory is expected, got {layout:?}"),
    }
}

#[cfg(test)]
mod tests;
