//! The gradient with both sides in f32, of whatever type they were. oneDNN's own in f32 takes two to five times as long as the convolution where there is no
//! AVX-512; this one about as long as the convolution.

use pulp::{Arch, Simd, WithSimd};

use super::{MOST_ROWS, OUTSIDE, Shape, Share, rows, share};
use crate::number::Number;

/// Pixels whose products are summed in registers before they are added to the gradient: both packed sides of a tile stay in the two nearest caches, and the
/// sums of millions of products lose fewer bits.
const PIXELS: usize = 256;

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

    /// Most outputs of a tile: twice as many sums, two vectors and a factor fill the registers (32 with AVX-512 and NEON, 16 with AVX2).
    fn most_rows(self) -> usize {
        match self.lanes {
            16 => MOST_ROWS,
            8 => 6,
            4 => 12,
            _ => 4,
        }
    }
}

/// Whether this is faster than oneDNN's own in f32: so with AVX2; as fast with AVX-512; not measured elsewhere.
pub fn is_faster() -> bool {
    Instructions::best().lanes == 8
}

/// See [`super::Factor::compute`].
pub fn compute<T: Number>(shape: &Shape, x: &[T], by_y: &[T], by_filters: &mut [f32], threads: usize) {
    let instructions = Instructions::best();
    share((shape, instructions.width()), (x, by_y), by_filters, threads, |share| {
        instructions.arch.dispatch(Work { share, instructions });
    });
}

struct Work<'a, T> {
    share: Share<'a, T>,
    instructions: Instructions,
}

impl<T: Number> WithSimd for Work<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = rows(self.share.shape.outputs as usize, self.instructions.most_rows());
        with_rows!(rows, |ROWS| tiles::<T, S, ROWS>(self.share, simd));
    }
}

/// With `ROWS` outputs in a tile.
#[inline(always)]
fn tiles<T: Number, S: Simd, const ROWS: usize>(mut share: Share<'_, T>, simd: S) {
    let (inputs, outputs) = (share.shape.inputs as usize, share.shape.outputs as usize);
    let width = share.width;
    let mut met = Vec::with_capacity(PIXELS);
    let mut left = vec![[0f32; ROWS]; outputs.div_ceil(ROWS) * PIXELS];
    let mut right = vec![0f32; PIXELS * width];
    let all = share.shape.pixels();
    for first in (0..all).step_by(PIXELS) {
        let pixels = first..all.min(first + PIXELS);
        let count = pixels.len();
        let by_y = share.by_y[first * outputs..].chunks_exact(outputs).take(count);
        for (pixel, row) in by_y.enumerate() {
            let (whole, rest) = row.as_chunks::<ROWS>();
            for (tile, from) in whole.iter().enumerate() {
                left[tile * PIXELS + pixel] = from.map(T::wide);
            }
            if !rest.is_empty() {
                widen(rest, &mut left[whole.len() * PIXELS + pixel]);
            }
        }
        let mut place = None;
        for part in share.parts.clone() {
            let here = share.place(part);
            if place.replace(here) != Some(here) {
                share.shape.meet(pixels.clone(), here, &mut met);
            }
            let own = share.inputs(part);
            for (pixel, to) in met.iter().zip(right.chunks_exact_mut(width)) {
                match *pixel {
                    OUTSIDE => to.fill(0.0),
                    // A length that the compiler knows.
                    pixel if own.len() == 2 * S::F32_LANES => {
                        widen(&share.x[pixel * inputs + own.start..][..2 * S::F32_LANES], to);
                    }
                    pixel => widen(&share.x[pixel * inputs..][own.clone()], to),
                }
            }
            let right = S::as_simd_f32s(&right[..count * width]).0.as_chunks::<2>().0;
            let columns = share.columns(part);
            for (left, out) in left.chunks_exact(PIXELS).zip(share.out.chunks_mut(ROWS)) {
                let sums = sums(simd, left, right);
                for (sums, out) in sums.iter().zip(out) {
                    let out = &mut out[columns.clone()];
                    let (start, end) = out.split_at_mut(S::F32_LANES.min(out.len()));
                    for (out, sum) in [start, end].into_iter().zip(sums) {
                        let before = if first == 0 {
                            simd.splat_f32s(0.0)
                        } else {
                            simd.partial_load_f32s(out)
                        };
                        simd.partial_store_f32s(out, simd.add_f32s(before, *sum));
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn widen<T: Number>(from: &[T], to: &mut [f32]) {
    from.iter().zip(to).for_each(|(from, to)| *to = from.wide());
}

/// A tile's products of as many pixels as `right` has, summed.
#[inline(always)]
fn sums<S: Simd, const ROWS: usize>(simd: S, left: &[[f32; ROWS]], right: &[[S::f32s; 2]]) -> [[S::f32s; 2]; ROWS] {
    let mut held = [[simd.splat_f32s(0.0); 2]; ROWS];
    for (left, [first, second]) in left.iter().zip(right) {
        for row in 0..ROWS {
            let factor = simd.splat_f32s(left[row]);
            held[row][0] = simd.mul_add_f32s(factor, *first, held[row][0]);
            held[row][1] = simd.mul_add_f32s(factor, *second, held[row][1]);
        }
    }
    held
}
