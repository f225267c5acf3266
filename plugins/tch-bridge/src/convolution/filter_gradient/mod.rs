//! A convolution's gradient on its filters, of images in f32 or bf16, in f32.
//!
//! It is a matrix product for each place of the filter: the outputs' gradients, `[pixels][outputs]`, transposed, times the inputs that this place meets,
//! `[pixels][inputs]`.

/// `$tiles` with so many rows in a tile: a number that the compiler has to know, for it to keep the sums in registers.
macro_rules! with_rows {
    ($rows:expr, |$ROWS:ident| $tiles:expr) => {
        with_rows!($rows, $ROWS, $tiles, 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    ($rows:expr, $ROWS:ident, $tiles:expr, $($number:literal)*) => {
        match $rows {
            $($number => {
                const $ROWS: usize = $number;
                $tiles
            })*
            _ => {
                const $ROWS: usize = MOST_ROWS;
                $tiles
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod pairs;
mod widened;

use std::{mem, ops::Range};

use half::bf16;

use crate::{number::Number, pool::for_each};
pub use widened::is_faster;

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

/// Most outputs of a tile: twice as many sums, two vectors of inputs and a factor fill 32 registers.
const MOST_ROWS: usize = 14;
/// Marks a pixel that lies outside of the image.
const OUTSIDE: usize = usize::MAX;

impl Shape {
    fn places(&self) -> usize {
        (self.kernel * self.kernel) as usize
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

/// A type of images.
pub trait Factor: Number {
    /// Of `x` `[images][high][wide][inputs]` and `by_y` `[images][out_high][out_wide][outputs]` to `by_filters` `[outputs][kernel][kernel][inputs]`. Each
    /// element is summed in one order, whatever the number of threads. There is at least one pixel.
    fn compute(shape: &Shape, x: &[Self], by_y: &[Self], by_filters: &mut [f32], threads: usize);
}

impl Factor for f32 {
    fn compute(shape: &Shape, x: &[Self], by_y: &[Self], by_filters: &mut [f32], threads: usize) {
        widened::compute(shape, x, by_y, by_filters, threads);
    }
}

impl Factor for bf16 {
    fn compute(shape: &Shape, x: &[Self], by_y: &[Self], by_filters: &mut [f32], threads: usize) {
        #[cfg(target_arch = "x86_64")]
        if pairs::are_summed() {
            return pairs::compute(shape, x, by_y, by_filters, threads);
        }
        widened::compute(shape, x, by_y, by_filters, threads);
    }
}

/// Whether the products of two pairs of bf16 are one instruction here.
pub fn sums_pairs() -> bool {
    #[cfg(target_arch = "x86_64")]
    let are_summed = pairs::are_summed();
    #[cfg(not(target_arch = "x86_64"))]
    let are_summed = false;
    are_summed
}

/// The gradient falls into parts: for each place of the filter one for each `width` inputs. A thread's share of them.
struct Share<'a, T> {
    shape: &'a Shape,
    x: &'a [T],
    by_y: &'a [T],
    width: usize,
    parts: Range<usize>,
    /// For each output the share's place in the gradient, the parts one after the other.
    out: Vec<&'a mut [f32]>,
}

impl<T> Share<'_, T> {
    fn place(&self, part: usize) -> usize {
        part / panels(self.shape, self.width)
    }

    /// The inputs of a part.
    fn inputs(&self, part: usize) -> Range<usize> {
        let start = part % panels(self.shape, self.width) * self.width;
        start..(self.shape.inputs as usize).min(start + self.width)
    }

    /// Where a part is in `out`.
    fn columns(&self, part: usize) -> Range<usize> {
        let column = |part| column(self.shape, self.width, part) - column(self.shape, self.width, self.parts.start);
        column(part)..column(part + 1)
    }
}

fn panels(shape: &Shape, width: usize) -> usize {
    (shape.inputs as usize).div_ceil(width)
}

/// Where a part begins in an output's gradient, `[places][inputs]`.
fn column(shape: &Shape, width: usize, part: usize) -> usize {
    let panels = panels(shape, width);
    part / panels * shape.inputs as usize + part % panels * width
}

/// Does `work` for each thread's share. As few shares as there are threads: each packs `by_y` for itself.
fn share<T: Sync>(
    (shape, width): (&Shape, usize),
    (x, by_y): (&[T], &[T]),
    by_filters: &mut [f32],
    threads: usize,
    work: impl Fn(Share<'_, T>) + Send + Sync,
) {
    let parts = shape.places() * panels(shape, width);
    let threads = threads.max(1);
    let mut rows: Vec<&mut [f32]> = by_filters
        .chunks_exact_mut(shape.places() * shape.inputs as usize)
        .collect();
    let shares: Vec<_> = (0..threads)
        .map(|i| parts * i / threads..parts * (i + 1) / threads)
        .filter(|parts| !parts.is_empty())
        .map(|parts| {
            let length = column(shape, width, parts.end) - column(shape, width, parts.start);
            let out = rows.iter_mut().map(|row| {
                let (own, rest) = mem::take(row).split_at_mut(length);
                *row = rest;
                own
            });
            Share {
                shape,
                x,
                by_y,
                width,
                out: out.collect(),
                parts,
            }
        })
        .collect();
    for_each(threads, shares.into_iter(), work);
}

/// Outputs of a tile, of which a tile may have `most`: 64 outputs are five times 13, not four times 14 and 8.
fn rows(outputs: usize, most: usize) -> usize {
    outputs.div_ceil(outputs.div_ceil(most).max(1))
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// Where the processor sums pairs; elsewhere bf16 takes the other way, which the tests of the convolution see.
    #[test]
    fn products_in_pairs_and_one_by_one_are_the_same() {
        if !pairs::are_summed() {
            return;
        }
        for (images, [inputs, outputs], [high, wide], kernel, stride) in [
            (2, [32, 14], [40, 33], 3, 1),
            (3, [45, 65], [9, 9], 3, 2),
            (1, [7, 1], [3, 5], 5, 1),
            (1, [64, 128], [1, 1], 3, 2),
        ] {
            let (padding, out) = (kernel / 2, |side: i64| (side + kernel / 2 * 2 - kernel) / stride + 1);
            let (out_high, out_wide) = (out(high), out(wide));
            let shape = Shape {
                images,
                inputs,
                outputs,
                high,
                wide,
                out_high,
                out_wide,
                kernel,
                stride,
                padding,
            };
            let draw = |count: i64, salt: f64| -> Vec<bf16> {
                let number = |i| bf16::from_f64((f64::from(i) * 1.7 + salt).sin());
                (0..i32::try_from(count).unwrap()).map(number).collect()
            };
            let x = draw(images * high * wide * inputs, 0.0);
            let by_y = draw(images * out_high * out_wide * outputs, 0.5);
            let by = |compute: fn(&Shape, &[bf16], &[bf16], &mut [f32], usize), threads| {
                let mut by_filters = vec![f32::NAN; (outputs * kernel * kernel * inputs) as usize];
                compute(&shape, &x, &by_y, &mut by_filters, threads);
                by_filters
            };
            let (pairs, single) = (by(pairs::compute, 1), by(widened::compute::<bf16>, 1));
            for (at, (pair, single)) in pairs.iter().zip(&single).enumerate() {
                assert!((pair - single).abs() < 1e-3, "{shape:?}, {at}: {pair}, {single}");
            }
            assert_eq!(pairs, by(pairs::compute, 3), "{shape:?}");
            assert_eq!(single, by(widened::compute::<bf16>, 3), "{shape:?}");
        }
    }
}
