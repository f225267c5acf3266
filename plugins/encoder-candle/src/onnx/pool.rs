//! Pooling and padding of `[N,H,W,C]` maps.

use candle_core::{Device, Result, Tensor, bail};

use super::value::Value;
use crate::convolution::window::Window;

/// Largest value or mean of each window.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Where it looks.
    pub window: Window,
    /// Mean instead of largest value.
    pub mean: bool,
    /// Whether the zeros around a map count in a mean.
    pub count_padding: bool,
}

/// `[N,H,W,C]` to `[N,H',W',C]`.
pub fn run(pool: &Pool, maps: &Tensor) -> Result<Tensor> {
    let (number, high, wide, channels) = maps.dims4()?;
    let window = &pool.window;
    let [rows, columns] = window.count([high, wide]);
    let values = maps.flatten_all()?.to_vec1::<f32>()?;
    let start = if pool.mean { 0.0 } else { f32::NEG_INFINITY };
    let mut out = vec![start; number * rows * columns * channels];
    for (index, out) in out.chunks_exact_mut(channels.max(1)).enumerate() {
        let (map, y, x) = (index / columns / rows, index / columns % rows, index % columns);
        let ([top, bottom], [left, right]) = (window.inside(0, y, high), window.inside(1, x, wide));
        for (ky, kx) in (top..bottom).flat_map(|ky| (left..right).map(move |kx| (ky, kx))) {
            let pixel = (map * high + window.source(0, y, ky)) * wide + window.source(1, x, kx);
            for (out, value) in out.iter_mut().zip(&values[pixel * channels..]) {
                match pool.mean {
                    true => *out += value,
                    // NaN stays.
                    false if *value > *out || value.is_nan() => *out = *value,
                    false => {}
                }
            }
        }
        if pool.mean {
            let count = match pool.count_padding {
                true => window.taps(),
                false => (bottom - top) * (right - left),
            };
            out.iter_mut().for_each(|v| *v /= count.max(1) as f32);
        }
    }
    Tensor::from_vec(out, (number, rows, columns, channels), &Device::Cpu)
}

/// Zeros around a value: `[before..., after...]`, one each for every dimension.
pub fn pad(value: &Value, pads: &[i64]) -> Result<Value> {
    let rank = value.shape().len();
    let pads: Vec<usize> = match pads.iter().map(|p| usize::try_from(*p)).collect() {
        Ok(pads) => pads,
        Err(_) => bail!("pads = {pads:?}: cropping is not supported"),
    };
    if pads.len() != 2 * rank || pads.iter().any(|p| *p > 4096) {
        bail!("pads = {pads:?} for a value of {rank} dimensions")
    }
    let mut tensor = value.plain()?;
    for axis in 0..rank {
        tensor = tensor.pad_with_zeros(axis, pads[axis], pads[rank + axis])?;
    }
    tensor.contiguous().map(Value::Plain)
}
