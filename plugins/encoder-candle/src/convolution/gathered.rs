//! Convolution as one product: windows as rows, filters as columns.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::{Layer, Maps};
use crate::product::panels::put;
use crate::product::vector::load;
use crate::product::{Columns, Instructions, Panels, Sums, multiply, whole_blocks};

/// Numbers of windows that are gathered at a time, for each thread (1 MB): what a core's own cache holds.
const AT_ONCE: usize = 1 << 18;
/// Pixels that a thread finishes at a time.
const PIXELS: usize = 32;

/// HWIO `filters` as the right side.
pub fn columns(layer: &Layer, filters: &[f32], instructions: Instructions) -> Columns {
    let depth = layer.window.taps() * layer.inputs;
    Columns::pack([1, depth, layer.outputs], instructions, |_, k, column| {
        filters[k * layer.outputs + column]
    })
}

/// Fills `out`.
pub fn convolve(layer: &Layer, columns: &Columns, maps: &Maps<'_>, out: &mut [f32], instructions: Instructions) {
    let depth = layer.window.taps() * layer.inputs;
    let at_once = AT_ONCE * rayon::current_num_threads();
    let rows = (at_once / whole_blocks(depth))
        .max(1)
        .next_multiple_of(instructions.panel_rows());
    for (part, out) in out.chunks_mut(rows * layer.outputs).enumerate() {
        let (first, rows) = (part * rows, out.len() / layer.outputs);
        let panels = Panels::new([1, rows, depth], instructions);
        let sums = Sums {
            rows,
            panels: columns.panels(),
            width: columns.width(),
        };
        layer.scratch.with(panels.at(panels.count()), |left| {
            layer.scratch.with(sums.stride(), |result| {
                panels.split(left).into_par_iter().for_each(|(panel, memory)| {
                    gather(layer, maps, first + panels.first(panel), panels.height(panel), memory);
                });
                multiply(&panels, left, columns, &sums, result, instructions);
                let pixels = out.par_chunks_mut(PIXELS * layer.outputs).enumerate();
                pixels.for_each(|(part, out)| {
                    instructions.run(Finish {
                        layer,
                        maps,
                        sums: &sums,
                        result,
                        row: part * PIXELS,
                        first: first + part * PIXELS,
                        out,
                    });
                });
            });
        });
    }
}

/// The windows of `height` pixels from `first` on, counted through all maps, as a panel.
fn gather(layer: &Layer, maps: &Maps<'_>, first: usize, height: usize, panel: &mut [f32]) {
    let (window, channels) = (&layer.window, layer.inputs);
    let [high, wide] = maps.extent;
    // Zeros around the maps, and behind the depth.
    panel.fill(0.0);
    for row in 0..height {
        let (map, y, x) = maps.pixel(first + row);
        let [top, bottom] = window.inside(0, y, high);
        let [left, right] = window.inside(1, x, wide);
        for ky in top..bottom {
            let line = (map * high + window.source(0, y, ky)) * wide;
            let mut copy = |kx: usize, taps: usize| {
                let from = (line + window.source(1, x, kx)) * channels;
                let at = (ky * window.size[1] + kx) * channels;
                put(panel, height, row, at, &maps.values[from..from + taps * channels]);
            };
            match window.dilation[1] {
                // Taps side by side are one run of memory.
                1 if left < right => copy(left, right - left),
                _ => (left..right).for_each(|kx| copy(kx, 1)),
            }
        }
    }
}

/// Bias, residual and activation.
struct Finish<'a> {
    layer: &'a Layer,
    maps: &'a Maps<'a>,
    sums: &'a Sums,
    result: &'a [f32],
    /// Of `sums`.
    row: usize,
    /// The pixel of that row, counted through all maps.
    first: usize,
    out: &'a mut [f32],
}

impl WithSimd for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (outputs, width) = (self.layer.outputs, self.sums.width);
        for (i, out) in self.out.chunks_exact_mut(outputs).enumerate() {
            let (_, y, x) = self.maps.pixel(self.first + i);
            let bias = self.maps.biases.at(y, x);
            let residual = self.maps.residual.map(|r| &r[(self.first + i) * outputs..][..outputs]);
            for panel in 0..self.sums.panels {
                let sums = &self.result[self.sums.at(0, panel, self.row + i)..][..width];
                for (v, sums) in sums.chunks_exact(S::F32_LANES).enumerate() {
                    let channel = panel * width + v * S::F32_LANES;
                    let value = load::<S>(sums);
                    self.layer.finish(simd, value, channel, bias, residual, out);
                }
            }
        }
    }
}
