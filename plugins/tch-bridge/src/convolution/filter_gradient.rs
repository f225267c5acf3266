//! A convolution's gradient on its filters, of images in f32 or bf16, in f32.
//!
//! It is a matrix product for each place of the filter: the outputs' gradients, `[pixels][outputs]`, transposed, times the inputs that this place meets,
//! `[pixels][inputs]`. oneDNN's own takes two to five times as long as the convolution where there is no AVX-512; this one about as long as the convolution.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use pulp::{Arch, Simd, WithSimd};

use crate::{number::Number, pool::for_each};

/// A convolution of square filters, its images' channels last in memory. As in `convolution.cpp`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Shape {
    pub images: i64,
    pub inputs: i64,
    pub outputs: i64,
    pub high: i64,
    pub wide: i64,
    pub out_high: i64,
    pub out_wide: i64,
    pub kernel: i64,
    pub stride: i64,
    pub padding: i64,
}

/// Pixels whose products are summed in registers before they are added to the sums: both packed sides of a tile stay in the two nearest caches, and the
/// sums of millions of products lose fewer bits.
const PIXELS: usize = 256;
/// Most outputs of a tile.
const MOST_ROWS: usize = 14;
/// Marks a pixel that lies outside of the image.
const OUTSIDE: usize = usize::MAX;

impl Shape {
    /// Into how many parts the gradient falls: one for each place of the filter and each two vectors of inputs.
    fn parts(&self, instructions: Instructions) -> usize {
        (self.kernel * self.kernel) as usize * self.panels(instructions)
    }

    fn panels(&self, instructions: Instructions) -> usize {
        (self.inputs as usize).div_ceil(instructions.width())
    }

    fn pixels(&self) -> usize {
        (self.images * self.out_high * self.out_wide) as usize
    }

    /// For each output pixel of a range the number of the input pixel that `place` of the filter meets there.
    fn meet(&self, pixels: Range<usize>, place: usize, met: &mut Vec<usize>) {
        let place = place as i64;
        let (down, right) = (place / self.kernel - self.padding, place % self.kernel - self.padding);
        let (rows, mut column) = (pixels.start as i64 / self.out_wide, pixels.start as i64 % self.out_wide);
        let (mut image, mut row) = (rows / self.out_high, rows % self.out_high);
        met.clear();
        for _ in pixels {
            let (y, x) = (row * self.stride + down, column * self.stride + right);
            let inside = (0..self.high).contains(&y) && (0..self.wide).contains(&x);
            let pixel = (image * self.high + y) * self.wide + x;
            met.push(if inside { pixel as usize } else { OUTSIDE });
            // A division for each would take longer than a fifth of the products.
            column += 1;
            if column == self.out_wide {
                (row, column) = (row + 1, 0);
            }
            if row == self.out_high {
                (image, row) = (image + 1, 0);
            }
        }
    }
}

/// What this machine's processor can do.
#[derive(Clone, Copy, Debug)]
struct Instructions {
    arch: Arch,
    lanes: usize,
}

impl Instructions {
    /// The widest vectors that there are.
    fn best() -> Self {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _simd: S) -> usize {
                S::F32_LANES
            }
        }
        let arch = Arch::new();
        let lanes = arch.dispatch(Lanes);
        Self { arch, lanes }
    }

    /// Inputs of a tile: two vectors.
    fn width(self) -> usize {
        2 * self.lanes
    }

    /// Outputs of a tile: twice as many sums, two vectors and a factor fill the registers (32 with AVX-512 and NEON, 16 with AVX2). 64 outputs are five
    /// times 13, not four times 14 and 8.
    fn rows(self, outputs: usize) -> usize {
        let most = match self.lanes {
            16 => MOST_ROWS,
            8 => 6,
            4 => 12,
            _ => 4,
        };
        outputs.div_ceil(outputs.div_ceil(most).max(1))
    }
}

/// Whether this is faster than oneDNN's own in f32: so with AVX2; as fast with AVX-512; not measured elsewhere.
pub fn is_faster() -> bool {
    Instructions::best().lanes == 8
}

/// Of `x` `[images][high][wide][inputs]` and `by_y` `[images][out_high][out_wide][outputs]` to `by_filters` `[outputs][kernel][kernel][inputs]`. Each element
/// is summed in one order, whatever the number of threads.
pub fn compute<T: Number>(shape: &Shape, x: &[T], by_y: &[T], by_filters: &mut [f32], threads: usize) {
    let instructions = Instructions::best();
    let parts = shape.parts(instructions);
    // As few ranges as there are threads: each packs `by_y` for itself.
    let ranges: Vec<Range<usize>> = (0..threads)
        .map(|i| parts * i / threads..parts * (i + 1) / threads)
        .filter(|range| !range.is_empty())
        .collect();
    let out = Mutex::new(by_filters);
    for_each(threads, ranges.into_iter(), |parts| {
        let put = |runs: &mut dyn Iterator<Item = (usize, &[f32])>| {
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            runs.for_each(|(at, run)| out[at..][..run.len()].copy_from_slice(run));
        };
        instructions.arch.dispatch(Work {
            shape,
            x,
            by_y,
            parts,
            instructions,
            put,
        });
    });
}

struct Work<'a, T, P> {
    shape: &'a Shape,
    x: &'a [T],
    by_y: &'a [T],
    parts: Range<usize>,
    instructions: Instructions,
    put: P,
}

impl<T: Number, P: Fn(&mut dyn Iterator<Item = (usize, &[f32])>)> WithSimd for Work<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.instructions.rows(self.shape.outputs as usize) {
            1 => self.tiles::<S, 1>(simd),
            2 => self.tiles::<S, 2>(simd),
            3 => self.tiles::<S, 3>(simd),
            4 => self.tiles::<S, 4>(simd),
            5 => self.tiles::<S, 5>(simd),
            6 => self.tiles::<S, 6>(simd),
            7 => self.tiles::<S, 7>(simd),
            8 => self.tiles::<S, 8>(simd),
            9 => self.tiles::<S, 9>(simd),
            10 => self.tiles::<S, 10>(simd),
            11 => self.tiles::<S, 11>(simd),
            12 => self.tiles::<S, 12>(simd),
            13 => self.tiles::<S, 13>(simd),
            _ => self.tiles::<S, MOST_ROWS>(simd),
        }
    }
}

impl<T: Number, P: Fn(&mut dyn Iterator<Item = (usize, &[f32])>)> Work<'_, T, P> {
    /// With `ROWS` outputs in a tile.
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize>(self, simd: S) {
        let Shape { inputs, outputs, .. } = *self.shape;
        let (inputs, outputs) = (inputs as usize, outputs as usize);
        let (width, panels) = (self.instructions.width(), self.shape.panels(self.instructions));
        let tiles = outputs.div_ceil(ROWS);
        let mut met = Vec::with_capacity(PIXELS);
        let mut left = vec![[0f32; ROWS]; tiles * PIXELS];
        let mut right = vec![0f32; PIXELS * width];
        // [parts][outputs, filled up][width]
        let mut sums = vec![0f32; self.parts.len() * tiles * ROWS * width];
        let all = self.shape.pixels();
        for first in (0..all).step_by(PIXELS) {
            let pixels = first..all.min(first + PIXELS);
            let count = pixels.len();
            for (pixel, row) in self.by_y[first * outputs..]
                .chunks_exact(outputs)
                .take(count)
                .enumerate()
            {
                let (whole, rest) = row.as_chunks::<ROWS>();
                for (tile, from) in whole.iter().enumerate() {
                    left[tile * PIXELS + pixel] = from.map(T::wide);
                }
                if !rest.is_empty() {
                    widen(rest, &mut left[whole.len() * PIXELS + pixel]);
                }
            }
            let mut place = None;
            for (part, sums) in self.parts.clone().zip(sums.chunks_exact_mut(tiles * ROWS * width)) {
                if place != Some(part / panels) {
                    place = Some(part / panels);
                    self.shape.meet(pixels.clone(), part / panels, &mut met);
                }
                let start = part % panels * width;
                let own = width.min(inputs - start);
                for (pixel, to) in met.iter().zip(right.chunks_exact_mut(width)) {
                    match *pixel {
                        OUTSIDE => to.fill(0.0),
                        // A length that the compiler knows.
                        pixel if own == 2 * S::F32_LANES => {
                            widen(&self.x[pixel * inputs + start..][..2 * S::F32_LANES], to);
                        }
                        pixel => widen(&self.x[pixel * inputs + start..][..own], to),
                    }
                }
                let right = S::as_simd_f32s(&right[..count * width]).0.as_chunks::<2>().0;
                let sums = S::as_mut_simd_f32s(sums).0.as_chunks_mut::<2>().0;
                for (left, sums) in left.chunks_exact(PIXELS).zip(sums.as_chunks_mut::<ROWS>().0) {
                    add(simd, left, right, sums);
                }
            }
        }
        let places = (self.shape.kernel * self.shape.kernel) as usize;
        let parts = self.parts.clone().zip(sums.chunks_exact(tiles * ROWS * width));
        let mut runs = parts.flat_map(|(part, sums)| {
            let (place, start) = (part / panels, part % panels * width);
            let rows = sums.chunks_exact(width).take(outputs).enumerate();
            rows.map(move |(output, sums)| {
                let at = (output * places + place) * inputs + start;
                (at, &sums[..width.min(inputs - start)])
            })
        });
        (self.put)(&mut runs);
    }
}

#[inline(always)]
fn widen<T: Number>(from: &[T], to: &mut [f32]) {
    from.iter().zip(to).for_each(|(from, to)| *to = from.wide());
}

/// Adds a tile's products of as many pixels as `right` has. They are summed in registers.
#[inline(always)]
fn add<S: Simd, const ROWS: usize>(
    simd: S,
    left: &[[f32; ROWS]],
    right: &[[S::f32s; 2]],
    sums: &mut [[S::f32s; 2]; ROWS],
) {
    let mut held = [[simd.splat_f32s(0.0); 2]; ROWS];
    for (left, [first, second]) in left.iter().zip(right) {
        for row in 0..ROWS {
            let factor = simd.splat_f32s(left[row]);
            held[row][0] = simd.mul_add_f32s(factor, *first, held[row][0]);
            held[row][1] = simd.mul_add_f32s(factor, *second, held[row][1]);
        }
    }
    for (sums, held) in sums.iter_mut().zip(held) {
        *sums = [simd.add_f32s(sums[0], held[0]), simd.add_f32s(sums[1], held[1])];
    }
}
