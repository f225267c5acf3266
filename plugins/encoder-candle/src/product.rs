//! Matrix products on the calling thread.

use candle_core::{Result, bail};

/// `out += left * right`, all row-major: `[rows, columns] += [rows, depth] * [depth, columns]`.
///
/// Candle's `matmul` ends in the same `gemm`, but splits each product over all cores of the machine, whose number it reads from the
/// system every time. Here the images are what runs in parallel, on as many threads as the host allows.
///
/// # Errors
/// Slices of other lengths.
pub fn add_product(out: &mut [f32], left: &[f32], right: &[f32], [rows, columns, depth]: [usize; 3]) -> Result<()> {
    let fits = |slice: &[f32], a: usize, b: usize| a.checked_mul(b) == Some(slice.len());
    if !(fits(out, rows, columns) && fits(left, rows, depth) && fits(right, depth, columns)) {
        bail!(
            "product [{rows}, {columns}] += [{rows}, {depth}] * [{depth}, {columns}] on {}, {} and {} numbers",
            out.len(),
            left.len(),
            right.len()
        )
    }
    // SAFETY: the lengths are those of the three row-major matrices (checked above), so every element that gemm reads or writes by these
    // strides lies inside its slice; `out` is borrowed mutably, so it overlaps neither of the others.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out.as_mut_ptr(),
            1,
            columns as isize,
            true,
            left.as_ptr(),
            1,
            depth as isize,
            right.as_ptr(),
            1,
            columns as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_to_what_is_there() {
        let mut out = [10., 20., 30., 40., 50., 60.];
        let left = [1., 2., 3., 4.];
        let right = [1., 0., -1., 2., 1., 0.5];
        add_product(&mut out, &left, &right, [2, 3, 2]).unwrap();
        assert_eq!(out, [15., 22., 30., 51., 54., 59.]);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let mut out = [0.; 6];
        let error = add_product(&mut out, &[0.; 4], &[0.; 5], [2, 3, 2]).unwrap_err();
        assert!(error.to_string().contains("6, 4 and 5"), "{error}");
        assert!(add_product(&mut out, &[0.; 4], &[0.; 6], [2, 2, 2]).is_err());
        assert!(add_product(&mut out, &[], &[], [usize::MAX, 2, 0]).is_err());
    }
}
