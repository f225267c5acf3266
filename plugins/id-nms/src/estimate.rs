//! Cosines in f32, many at once, with a bound on their error.
//!
//! Most pairs are far from being anybody's most similar one, or from any threshold. A fast estimate tells which; the rest are
//! computed exactly. So no outcome depends on how an estimate was summed.

use std::borrow::Cow;

use gemm::{Parallelism, gemm};

use crate::rows::Rows;

/// References of one product: with them, f32 rows of 512 numbers fill 512 KiB.
const TILE: usize = 256;

/// The most by which an estimate of a cosine of `dim` numbers can be wrong.
///
/// With u = 2^-24: rounding two unit rows costs at most 2u (plus terms in u^2), a sum of d products in any order, fused or not, at most
/// d u / (1 - d u) of the sum of |x_k y_k|, which is at most 1. Four more u are to spare, for the exact cosine and what underflows.
pub(crate) fn error_bound(dim: usize) -> f64 {
    let terms = (dim as f64 + 6.0) * f64::EPSILON * 2f64.powi(28);
    if terms < 0.5 {
        terms / (1.0 - terms)
    } else {
        f64::INFINITY
    }
}

/// Estimates the cosine of each of the rows `which` of `queries` with each of the rows `among` of `references`. Calls `visit` with
/// the place in `which`, the place in `among`, and the estimate; for each query in the order of `among`.
pub(crate) fn cosines(
    queries: &Rows<'_>,
    which: &[usize],
    references: &Rows<'_>,
    among: &[usize],
    mut visit: impl FnMut(usize, usize, f64),
) {
    let dim = queries.dim();
    let left = gather(queries, which);
    let mut product = vec![0f32; which.len() * TILE.min(among.len())];
    for (tile, rows) in among.chunks(TILE).enumerate() {
        let right = gather(references, rows);
        multiply(&left, &right, &mut product[..which.len() * rows.len()], dim);
        for (q, estimates) in product.chunks_exact(rows.len()).take(which.len()).enumerate() {
            for (r, estimate) in estimates.iter().enumerate() {
                visit(q, tile * TILE + r, f64::from(*estimate));
            }
        }
    }
}

/// The unit rows, in a row; a copy only where they are not neighbours already.
fn gather<'a>(rows: &'a Rows<'_>, which: &[usize]) -> Cow<'a, [f32]> {
    if which.windows(2).all(|pair| pair[1] == pair[0] + 1) {
        return Cow::Borrowed(which.first().map_or(&[], |first| rows.units(*first, which.len())));
    }
    Cow::Owned(which.iter().flat_map(|i| rows.units(*i, 1)).copied().collect())
}

/// `out[m,n] = left[m,d] right[n,d]^T`, all row-major.
fn multiply(left: &[f32], right: &[f32], out: &mut [f32], dim: usize) {
    let (m, n) = (left.len() / dim, right.len() / dim);
    assert_eq!((left.len(), right.len(), out.len()), (m * dim, n * dim, m * n));
    let (d, w) = (dim as isize, n as isize);
    // SAFETY: the strides stay inside the three slices, whose lengths have just been checked; `out` is borrowed mutably, so it
    // overlaps neither input.
    unsafe {
        gemm(
            m,
            n,
            dim,
            out.as_mut_ptr(),
            1,
            w,
            false,
            left.as_ptr(),
            1,
            d,
            right.as_ptr(),
            d,
            1,
            0f32,
            1f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::{TensorRef, random::Stream};

    use super::*;

    #[test]
    fn estimates_keep_within_the_bound() {
        for (dim, seed) in [(1, 0), (3, 1), (64, 2), (129, 3), (512, 4), (2048, 5)] {
            let mut stream = Stream::new(seed, "test", 0, 0);
            let mut data = vec![0f32; 40 * dim];
            stream.fill_normal(&mut data);
            // Positive numbers sum up without cancelling, which is the worst for rounding.
            data[..20 * dim].iter_mut().for_each(|x| *x = x.abs());
            let tensor = TensorRef::new(&data, &[40, dim]).expect("a shape");
            let rows = Rows::read(&tensor, "row").expect("valid rows");
            let all: Vec<usize> = (0..40).rev().collect();
            let mut seen = 0;
            cosines(&rows, &all[..7], &rows, &all, |q, r, estimate| {
                let exact = rows.cosine(all[q], &rows, all[r]);
                assert!(
                    (estimate - exact).abs() <= error_bound(dim),
                    "{dim}: {estimate} for {exact}"
                );
                seen += 1;
            });
            assert_eq!(seen, 7 * 40);
        }
    }

    #[test]
    fn the_bound_is_worth_something() {
        assert!(error_bound(512) < 3.2e-5, "{}", error_bound(512));
        assert_eq!(error_bound(1 << 24), f64::INFINITY);
    }
}
