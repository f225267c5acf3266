//! Convolution with all that follows it in dlib's layers folded in: scale and bias of each channel, and ReLU.

use candle_core::{CpuStorage, CustomOp3, Device, Layout, Result as CandleResult, Shape, Tensor, bail};
use ficta_core::Result;

use crate::backend::backend;
use crate::im2col::{Window, im2col};
use crate::product::add_product;
use crate::weights::Weights;

/// `scale * (filters * x + bias) + shift`, held as `folded filters * x + folded bias`, with or without a ReLU.
#[derive(Debug)]
pub struct Convolution {
    /// `[size*size*in, out]`: HWIO filters, read as a matrix.
    filters: Tensor,
    /// `[out]`.
    bias: Tensor,
    operation: Convolve,
}

impl Convolution {
    /// Takes `{name}/conv/...` and `{name}/scale/...` from the weights.
    ///
    /// # Errors
    /// Those of [`Weights::take`].
    pub fn load(weights: &mut Weights, name: &str, window: Window, [inputs, outputs]: [usize; 2]) -> Result<Self> {
        let shape = [window.size, window.size, inputs, outputs];
        let mut filters = weights.take(&format!("{name}/conv/filters"), &shape)?;
        let mut bias = weights.take(&format!("{name}/conv/bias"), &[outputs])?;
        let scale = weights.take(&format!("{name}/scale/weights"), &[outputs])?;
        let shift = weights.take(&format!("{name}/scale/biases"), &[outputs])?;
        for to_outputs in filters.chunks_exact_mut(outputs) {
            for (filter, scale) in to_outputs.iter_mut().zip(&scale) {
                *filter *= scale;
            }
        }
        for (bias, (scale, shift)) in bias.iter_mut().zip(scale.iter().zip(&shift)) {
            *bias = scale * *bias + shift;
        }
        backend("folding a convolution", Self::new(filters, bias, window, outputs))
    }

    /// One without scales: HWIO `filters` and `bias`, no ReLU.
    pub fn new(filters: Vec<f32>, bias: Vec<f32>, window: Window, outputs: usize) -> CandleResult<Self> {
        Ok(Self {
            filters: Tensor::from_vec(filters, ((), outputs), &Device::Cpu)?,
            bias: Tensor::from_vec(bias, outputs, &Device::Cpu)?,
            operation: Convolve { window, relu: false },
        })
    }

    /// The same with a ReLU behind it.
    #[must_use]
    pub fn with_relu(mut self) -> Self {
        self.operation.relu = true;
        self
    }

    /// `[H,W,in]` to `[H',W',out]`.
    pub fn forward(&self, map: &Tensor) -> CandleResult<Tensor> {
        map.apply_op3_no_bwd(&self.filters, &self.bias, &self.operation)
    }
}

/// Convolution of a channels-last map.
///
/// Candle's own works on `[N,C,H,W]`, gathers element by element and lays the filters out anew in every call; for maps as small as these
/// that is most of its time.
#[derive(Clone, Copy, Debug)]
struct Convolve {
    window: Window,
    relu: bool,
}

impl CustomOp3 for Convolve {
    fn name(&self) -> &'static str {
        "convolution-hwc"
    }

    fn cpu_fwd(
        &self,
        map: &CpuStorage,
        map_layout: &Layout,
        filters: &CpuStorage,
        filters_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> CandleResult<(CpuStorage, Shape)> {
        let (height, width, channels) = map_layout.shape().dims3()?;
        let (depth, outputs) = filters_layout.shape().dims2()?;
        let size = [height, width, channels];
        let columns = im2col(contiguous(map, map_layout)?, size, self.window);
        let bias = contiguous(bias, bias_layout)?;
        let to = (self.window.count(height), self.window.count(width));
        let mut out = bias.repeat(to.0 * to.1);
        let sizes = [to.0 * to.1, outputs, depth];
        add_product(&mut out, &columns, contiguous(filters, filters_layout)?, sizes)?;
        if self.relu {
            for value in &mut out {
                // Not `max`, which would turn NaN into 0.
                if *value < 0.0 {
                    *value = 0.0;
                }
            }
        }
        Ok((CpuStorage::F32(out), Shape::from((to.0, to.1, outputs))))
    }
}

fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> CandleResult<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a convolution wants contiguous memory, got {layout:?}"),
    }
}
