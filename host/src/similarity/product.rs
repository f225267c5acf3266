//! Matrix products on the calling thread.

/// `out = left * right'`, all row-major: `[rows, columns] = [rows, depth] * [columns, depth]'`.
///
/// # Panics
/// Slices of other lengths.
pub(super) fn product(out: &mut [f32], left: &[f32], right: &[f32], [rows, columns, depth]: [usize; 3]) {
    let fits = |length: usize, a: usize, b: usize| a.checked_mul(b) == Some(length);
    assert!(
        fits(out.len(), rows, columns) && fits(left.len(), rows, depth) && fits(right.len(), columns, depth),
        "[{rows}, {columns}] = [{rows}, {depth}] * [{columns}, {depth}]'"
    );
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
            false,
            left.as_ptr(),
            1,
            depth as isize,
            right.as_ptr(),
            depth as isize,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
