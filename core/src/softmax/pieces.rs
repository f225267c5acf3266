//! Rows of a matrix, shared out among threads.

use crate::Result;

/// Fewer elements than this a thread are not worth starting one.
const LEAST: usize = 1 << 15;

/// Calls `work` with the first row and the values of each piece: `matrix` in as many runs of whole rows as there are threads, or fewer where there is
/// little to do. The results are in the order of the rows.
///
/// # Errors
/// The first piece's that failed, in the order of the rows.
pub(super) fn in_pieces<T: Send>(
    matrix: &mut [f32],
    columns: usize,
    threads: usize,
    work: impl Fn(usize, &mut [f32]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let rows = matrix.len() / columns;
    let threads = threads.min(matrix.len() / LEAST).min(rows).max(1);
    let each = rows.div_ceil(threads);
    let mut pieces = matrix
        .chunks_mut(each * columns)
        .enumerate()
        .map(|(i, piece)| (i * each, piece));
    let Some((_, own)) = pieces.next() else {
        return Ok(Vec::new());
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = pieces
            .map(|(first, piece)| {
                scope.spawn({
                    let work = &work;
                    move || work(first, piece)
                })
            })
            .collect();
        // The calling thread does a part as well.
        let own = work(0, own);
        let others = others.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(others).collect()
    })
}
