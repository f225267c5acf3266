//! Convolution of each channel with a filter of its own.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::{Layer, Maps};
use crate::product::Instructions;
use crate::product::vector::load;

/// Fills `out`, with filters `[taps][channels]`.
pub fn convolve(layer: &Layer, filters: &[f32], maps: &Maps<'_>, out: &mut [f32], instructions: Instructions) {
    let lines = out.par_chunks_mut(maps.count[1] * layer.outputs).enumerate();
    lines.for_each(|(line, out)| {
        instructions.run(Line {
            layer,
            filters,
            maps,
            line,
            out,
        });
    });
}

/// A line of pixels.
struct Line<'a> {
    layer: &'a Layer,
    filters: &'a [f32],
    maps: &'a Maps<'a>,
    /// Counted through all maps.
    line: usize,
    out: &'a mut [f32],
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (window, channels) = (&self.layer.window, self.layer.outputs);
        let [high, wide] = self.maps.extent;
        let (map, y) = (self.line / self.maps.count[0], self.line % self.maps.count[0]);
        let [top, bottom] = window.inside(0, y, high);
        let residual = self
            .maps
            .residual
            .map(|r| &r[self.line * self.out.len()..][..self.out.len()]);
        for (x, out) in self.out.chunks_exact_mut(channels).enumerate() {
            let [left, right] = window.inside(1, x, wide);
            let bias = self.maps.biases.at(y, x);
            let residual = residual.map(|r| &r[x * channels..][..channels]);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let whole = channel + S::F32_LANES <= channels;
                let vector = |values: &[f32]| match whole {
                    true => load::<S>(values),
                    false => simd.partial_load_f32s(&values[..channels - channel]),
                };
                let mut sum = simd.splat_f32s(0.0);
                for ky in top..bottom {
                    for kx in left..right {
                        let pixel = (map * high + window.source(0, y, ky)) * wide + window.source(1, x, kx);
                        let tap = ky * window.size[1] + kx;
                        let value = vector(&self.maps.values[pixel * channels + channel..]);
                        sum = simd.mul_add_f32s(value, vector(&self.filters[tap * channels + channel..]), sum);
                    }
                }
                self.layer.finish(simd, sum, channel, bias, residual, out);
            }
        }
    }
}
