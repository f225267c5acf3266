//! The innermost loops of a product.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{Columns, DEPTH_BLOCK, Panels, Sums};

/// Depth after which a panel's sums are put down and begun anew from zero: the panels of both sides stay in the near caches, and a sum of
/// thousands of products loses fewer digits.
const DEPTH_AT_ONCE: usize = 512 / DEPTH_BLOCK;
/// Column panels that one thread takes at once.
const PANELS_AT_ONCE: usize = 4;
/// Most rows of a panel.
const MOST_ROWS: usize = 14;

/// What this machine's processor can do.
#[derive(Clone, Copy, Debug)]
pub struct Instructions {
    arch: Arch,
    lanes: usize,
}

impl Instructions {
    /// The widest vectors that there are.
    pub fn best() -> Self {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _simd: S) -> usize {
                S::F32_LANES
            }
        }
        let arch = Arch::new();
        Self {
            arch,
            lanes: arch.dispatch(Lanes),
        }
    }

    /// Runs `work` with them.
    #[inline(always)]
    pub fn run<W: WithSimd>(self, work: W) -> W::Output {
        self.arch.dispatch(work)
    }

    /// Columns of a panel: two vectors.
    pub fn panel_width(self) -> usize {
        2 * self.lanes
    }

    /// Most rows of a panel: twice as many sums, two vectors of columns and a factor fill the registers (32 with AVX-512 and NEON, 16 with
    /// AVX2).
    pub fn panel_rows(self) -> usize {
        match self.lanes {
            16 => MOST_ROWS,
            8 => 6,
            4 => 12,
            _ => 4,
        }
    }
}

/// `sums[p] = left[p] * right[p]` for every product `p`.
pub fn multiply(
    panels: &Panels,
    left: &[f32],
    right: &Columns,
    sums: &Sums,
    out: &mut [f32],
    instructions: Instructions,
) {
    let panel = sums.rows * sums.width;
    if panel == 0 {
        return;
    }
    let parts: Vec<_> = out
        .chunks_mut(sums.stride())
        .enumerate()
        .flat_map(|(product, out)| {
            out[..sums.panels * panel]
                .chunks_mut(panel * PANELS_AT_ONCE)
                .enumerate()
                .map(move |(part, out)| (product, part * PANELS_AT_ONCE, out))
        })
        .collect();
    parts.into_par_iter().for_each(|(product, first, out)| {
        for (i, out) in out.chunks_exact_mut(panel).enumerate() {
            instructions.run(Multiply {
                panels,
                product,
                left,
                right: right.panel(product, first + i),
                out,
            });
        }
    });
}

/// All rows with one panel of columns.
struct Multiply<'a> {
    panels: &'a Panels,
    product: usize,
    left: &'a [f32],
    /// `[depth][width]`.
    right: &'a [f32],
    /// `[rows][width]`.
    out: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            panels,
            product,
            left,
            right,
            out,
        } = self;
        let right = S::as_simd_f32s(right).0.as_chunks::<2>().0.as_chunks::<DEPTH_BLOCK>().0;
        let out = S::as_mut_simd_f32s(out).0.as_chunks_mut::<2>().0;
        for (part, right) in right.chunks(DEPTH_AT_ONCE).enumerate() {
            let mut out = &mut *out;
            for panel in 0..panels.count() {
                let height = panels.height(panel);
                let left = panels.of(left, panel, product).as_chunks::<DEPTH_BLOCK>().0;
                let left = &left[part * DEPTH_AT_ONCE * height..][..right.len() * height];
                let (own, rest) = out.split_at_mut(height);
                out = rest;
                match height {
                    1 => rows::<S, 1>(simd, left, right, own, part > 0),
                    2 => rows::<S, 2>(simd, left, right, own, part > 0),
                    3 => rows::<S, 3>(simd, left, right, own, part > 0),
                    4 => rows::<S, 4>(simd, left, right, own, part > 0),
                    5 => rows::<S, 5>(simd, left, right, own, part > 0),
                    6 => rows::<S, 6>(simd, left, right, own, part > 0),
                    7 => rows::<S, 7>(simd, left, right, own, part > 0),
                    8 => rows::<S, 8>(simd, left, right, own, part > 0),
                    9 => rows::<S, 9>(simd, left, right, own, part > 0),
                    10 => rows::<S, 10>(simd, left, right, own, part > 0),
                    11 => rows::<S, 11>(simd, left, right, own, part > 0),
                    12 => rows::<S, 12>(simd, left, right, own, part > 0),
                    13 => rows::<S, 13>(simd, left, right, own, part > 0),
                    _ => rows::<S, MOST_ROWS>(simd, left, right, own, part > 0),
                }
            }
        }
    }
}

/// `ROWS` rows: every sum stays in a register while the depth is walked.
#[inline(always)]
fn rows<S: Simd, const ROWS: usize>(
    simd: S,
    left: &[[f32; DEPTH_BLOCK]],
    right: &[[[S::f32s; 2]; DEPTH_BLOCK]],
    out: &mut [[S::f32s; 2]],
    add: bool,
) {
    let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
    for (left, right) in left.as_chunks::<ROWS>().0.iter().zip(right) {
        for k in 0..DEPTH_BLOCK {
            let [first, second] = right[k];
            for row in 0..ROWS {
                let factor = simd.splat_f32s(left[row][k]);
                sums[row][0] = simd.mul_add_f32s(factor, first, sums[row][0]);
                sums[row][1] = simd.mul_add_f32s(factor, second, sums[row][1]);
            }
        }
    }
    for (out, sums) in out.iter_mut().zip(sums) {
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = if add { simd.add_f32s(*out, sum) } else { sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::random::Stream;

    use super::super::panels::put;
    use super::*;

    fn product([products, rows, depth, columns]: [usize; 4]) {
        let mut stream = Stream::new(1, "test.product", 0, 0);
        let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| stream.uniform() as f32 - 0.5).collect() };
        let (a, b) = (draw(products * rows * depth), draw(products * depth * columns));
        let instructions = Instructions::best();
        let panels = Panels::new([products, rows, depth], instructions);
        let mut left = vec![0.0; panels.at(panels.count())];
        for (panel, memory) in panels.split(&mut left) {
            let (first, height, stride) = (panels.first(panel), panels.height(panel), panels.stride(panel));
            for p in 0..products {
                for row in 0..height {
                    let from = &a[(p * rows + first + row) * depth..][..depth];
                    put(&mut memory[p * stride..], height, row, 0, from);
                }
            }
        }
        let right = Columns::pack([products, depth, columns], instructions, |p, k, c| {
            b[(p * depth + k) * columns + c]
        });
        let sums = Sums {
            rows,
            panels: right.panels(),
            width: right.width(),
        };
        let mut out = vec![f32::NAN; products * sums.stride()];
        multiply(&panels, &left, &right, &sums, &mut out, instructions);
        for p in 0..products {
            for row in 0..rows {
                for c in 0..columns {
                    let expected: f64 = (0..depth)
                        .map(|k| {
                            f64::from(a[(p * rows + row) * depth + k]) * f64::from(b[(p * depth + k) * columns + c])
                        })
                        .sum();
                    let got = out[sums.at(p, c / sums.width, row) + c % sums.width];
                    assert!(
                        (f64::from(got) - expected).abs() < 1e-4,
                        "[{products}, {rows}, {depth}, {columns}] at {p}, {row}, {c}: {got} instead of {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn sums_are_right_for_every_number_of_rows() {
        for rows in 1..=30 {
            product([2, rows, 33, 40]);
        }
    }

    #[test]
    fn depths_and_columns_of_every_kind() {
        for (depth, columns) in [(1, 1), (16, 32), (17, 5), (1100, 7), (512, 64), (513, 33), (40, 300)] {
            product([1, 9, depth, columns]);
        }
        product([3, 0, 16, 16]);
        product([0, 3, 16, 16]);
    }
}
