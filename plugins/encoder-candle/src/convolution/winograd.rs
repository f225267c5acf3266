//! Winograd's minimal filtering F(4x4, 3x3): a 3x3 convolution with stride 1 in a quarter of the multiplications.
//!
//! `Y = A^T [(G g G^T) * (B^T d B)] A` for a tile `d` of 6x6 inputs, a filter `g` and a tile `Y` of 4x4 outputs, with `*` element by element
//! (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016). Summed over channels, the middle is 36 matrix
//! products. The interpolation points are 0, ±1/√2, ±√2 and infinity, whose rounding errors are smaller than those of the usual 0, ±1, ±2.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::{Layer, Maps, window::Window};
use crate::product::vector::{load, store};
use crate::product::{Columns, DEPTH_BLOCK, Instructions, Panels, Sums, multiply};

/// Side of a tile of outputs.
const TILE: usize = 4;
/// Side of a tile of inputs.
const SPAN: usize = 6;
/// Products.
const PRODUCTS: usize = SPAN * SPAN;
/// Transformed inputs and sums at a time, for each thread (1 MB): what a core's own cache holds. Reading the filters more often costs less
/// than sending these through the memory.
const AT_ONCE: usize = 1 << 18;

const A: f32 = FRAC_1_SQRT_2 as f32;
const B: f32 = SQRT_2 as f32;

/// Whether this is the way to compute a layer.
pub fn fits(window: &Window, inputs: usize) -> bool {
    let plain = window.size == [3, 3] && window.stride == [1, 1] && window.dilation == [1, 1];
    plain && window.before == [1, 1] && window.after == [1, 1] && inputs.is_multiple_of(DEPTH_BLOCK)
}

/// HWIO `filters` as the right sides.
pub fn columns(layer: &Layer, filters: &[f32], instructions: Instructions) -> Columns {
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    let transformed: Vec<[[f32; SPAN]; SPAN]> = (0..inputs * outputs)
        .map(|at| transform_filter(|y, x| filters[(y * 3 + x) * inputs * outputs + at]))
        .collect();
    Columns::pack([PRODUCTS, inputs, outputs], instructions, |product, k, column| {
        transformed[k * outputs + column][product / SPAN][product % SPAN]
    })
}

/// `G g G^T`.
fn transform_filter(filter: impl Fn(usize, usize) -> f32) -> [[f32; SPAN]; SPAN] {
    let third = SQRT_2 / 3.0;
    let g = [
        [1.0, 0.0, 0.0],
        [-2.0 / 3.0, -third, -1.0 / 3.0],
        [-2.0 / 3.0, third, -1.0 / 3.0],
        [1.0 / 6.0, third / 2.0, 1.0 / 3.0],
        [1.0 / 6.0, -third / 2.0, 1.0 / 3.0],
        [0.0, 0.0, 1.0],
    ];
    let mut half = [[0.0; 3]; SPAN];
    for (line, g) in half.iter_mut().zip(&g) {
        for (x, value) in line.iter_mut().enumerate() {
            *value = (0..3).map(|y| g[y] * f64::from(filter(y, x))).sum();
        }
    }
    half.map(|line| g.map(|g| (0..3).map(|x| g[x] * line[x]).sum::<f64>() as f32))
}

/// Fills `out`.
pub fn convolve(layer: &Layer, columns: &Columns, maps: &Maps<'_>, out: &mut [f32], instructions: Instructions) {
    let [high, wide] = maps.count;
    let across = wide.div_ceil(TILE);
    let channels = layer.inputs + columns.panels() * columns.width();
    let at_once = AT_ONCE * rayon::current_num_threads();
    let lines_at_once = (at_once / (PRODUCTS * channels * across)).max(1);
    // A line of tiles is up to four lines of pixels; the last of a map may have fewer.
    let mut lines: Vec<(usize, &mut [f32])> = Vec::new();
    for map in out.chunks_mut(high * wide * layer.outputs) {
        lines.extend(map.chunks_mut(TILE * wide * layer.outputs).enumerate());
    }
    let tile_lines = high.div_ceil(TILE);
    for (part, lines) in lines.chunks_mut(lines_at_once).enumerate() {
        let first = part * lines_at_once;
        let tiles = lines.len() * across;
        let panels = Panels::new([PRODUCTS, tiles, layer.inputs], instructions);
        let sums = Sums {
            rows: tiles,
            panels: columns.panels(),
            width: columns.width(),
        };
        layer.scratch.with(panels.at(panels.count()), |left| {
            layer.scratch.with(PRODUCTS * sums.stride(), |result| {
                panels.split(left).into_par_iter().for_each(|(panel, memory)| {
                    instructions.run(TransformInputs {
                        layer,
                        maps,
                        tiles: [first * across + panels.first(panel), panels.height(panel)],
                        grid: [tile_lines, across],
                        stride: panels.stride(panel),
                        panel: memory,
                    });
                });
                multiply(&panels, left, columns, &sums, result, instructions);
                lines.par_iter_mut().enumerate().for_each(|(i, (line, out))| {
                    instructions.run(TransformSums {
                        layer,
                        maps,
                        sums: &sums,
                        result,
                        first: i * across,
                        map: (first + i) / tile_lines,
                        line: *line,
                        out,
                    });
                });
            });
        });
    }
}

/// `B^T d B` of some tiles, as a panel.
struct TransformInputs<'a> {
    layer: &'a Layer,
    maps: &'a Maps<'a>,
    /// The first, counted through all maps, and how many.
    tiles: [usize; 2],
    /// Tiles of a map.
    grid: [usize; 2],
    stride: usize,
    panel: &'a mut [f32],
}

impl WithSimd for TransformInputs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [high, wide] = self.maps.extent;
        let channels = self.layer.inputs;
        let [top, left] = self.layer.window.before;
        let [first, count] = self.tiles;
        for row in 0..count {
            let tile = first + row;
            let (line, map) = (tile / self.grid[1], tile / (self.grid[0] * self.grid[1]));
            // Of the tile's first pixel, counted from the padding's.
            let (y, x) = (line % self.grid[0] * TILE, tile % self.grid[1] * TILE);
            // Offsets of the pixels that lie on the map.
            let offsets: [[Option<usize>; SPAN]; SPAN] = std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let y = (y + i).checked_sub(top).filter(|y| *y < high)?;
                    let x = (x + j).checked_sub(left).filter(|x| *x < wide)?;
                    Some(((map * high + y) * wide + x) * channels)
                })
            });
            for channel in (0..channels).step_by(S::F32_LANES) {
                let mut values = [[simd.splat_f32s(0.0); SPAN]; SPAN];
                for (values, offsets) in values.iter_mut().zip(&offsets) {
                    for (value, offset) in values.iter_mut().zip(offsets) {
                        if let Some(offset) = offset {
                            *value = load::<S>(&self.maps.values[offset + channel..][..S::F32_LANES]);
                        }
                    }
                    *values = inputs(simd, *values);
                }
                let at = (channel / DEPTH_BLOCK * count + row) * DEPTH_BLOCK + channel % DEPTH_BLOCK;
                for j in 0..SPAN {
                    let column = inputs(simd, values.map(|line| line[j]));
                    for (i, value) in column.into_iter().enumerate() {
                        let to = (i * SPAN + j) * self.stride + at;
                        store::<S>(&mut self.panel[to..to + S::F32_LANES], value);
                    }
                }
            }
        }
    }
}

/// `B^T d`.
#[inline(always)]
fn inputs<S: Simd>(simd: S, d: [S::f32s; SPAN]) -> [S::f32s; SPAN] {
    let times = |factor: f32, x, plus| simd.mul_add_f32s(simd.splat_f32s(factor), x, plus);
    let scaled = |factor: f32, x| simd.mul_f32s(simd.splat_f32s(factor), x);
    let (even, odd) = (times(-2.0, d[2], d[4]), times(A, d[3], scaled(-B, d[1])));
    let (even2, odd2) = (times(-0.5, d[2], d[4]), times(B, d[3], scaled(-A, d[1])));
    [
        simd.add_f32s(times(-2.5, d[2], d[0]), d[4]),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        simd.add_f32s(even2, odd2),
        simd.sub_f32s(even2, odd2),
        simd.add_f32s(times(-2.5, d[3], d[1]), d[5]),
    ]
}

/// `A^T m`.
#[inline(always)]
fn outputs<S: Simd>(simd: S, m: [S::f32s; SPAN]) -> [S::f32s; TILE] {
    let times = |factor: f32, x, plus| simd.mul_add_f32s(simd.splat_f32s(factor), x, plus);
    let scaled = |factor: f32, x| simd.mul_f32s(simd.splat_f32s(factor), x);
    let (sum, difference) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (sum2, difference2) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(simd.add_f32s(m[0], sum), sum2),
        times(B, difference2, scaled(A, difference)),
        times(2.0, sum2, scaled(0.5, sum)),
        simd.add_f32s(times(2.0 * B, difference2, scaled(0.5 * A, difference)), m[5]),
    ]
}

/// `A^T m A` of a line of tiles, with bias, residual and activation.
struct TransformSums<'a> {
    layer: &'a Layer,
    maps: &'a Maps<'a>,
    sums: &'a Sums,
    result: &'a [f32],
    /// Row in `sums` of the first tile.
    first: usize,
    map: usize,
    /// Line of tiles within the map.
    line: usize,
    /// Its lines of pixels.
    out: &'a mut [f32],
}

impl WithSimd for TransformSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (channels, width) = (self.layer.outputs, self.sums.width);
        let [all, wide] = self.maps.count;
        let high = self.out.len() / (wide * channels);
        let above = (self.map * all + self.line * TILE) * wide * channels;
        let residual = self.maps.residual.map(|r| &r[above..][..self.out.len()]);
        let stride = self.sums.stride();
        for tile in 0..wide.div_ceil(TILE) {
            for channel in (0..channels).step_by(S::F32_LANES) {
                let at = self.sums.at(0, channel / width, self.first + tile) + channel % width;
                let mut half = [[simd.splat_f32s(0.0); SPAN]; TILE];
                for j in 0..SPAN {
                    let column = std::array::from_fn(|i| {
                        load::<S>(&self.result[(i * SPAN + j) * stride + at..][..S::F32_LANES])
                    });
                    for (line, value) in half.iter_mut().zip(outputs(simd, column)) {
                        line[j] = value;
                    }
                }
                for (i, line) in half.into_iter().enumerate().take(high) {
                    let line = outputs(simd, line);
                    for (j, value) in line.into_iter().enumerate().take(wide - tile * TILE) {
                        let x = tile * TILE + j;
                        let pixel = (i * wide + x) * channels;
                        let bias = self.maps.biases.at(self.line * TILE + i, x);
                        let residual = residual.map(|r| &r[pixel..][..channels]);
                        let out = &mut self.out[pixel..][..channels];
                        self.layer.finish(simd, value, channel, bias, residual, out);
                    }
                }
            }
        }
    }
}
