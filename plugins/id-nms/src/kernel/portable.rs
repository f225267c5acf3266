//! For any processor.

use super::{COLUMNS, ColumnBounds, Kernel, Lane, Line, QueryBounds, Rest, Sums};

pub(super) const KERNEL: Kernel = Kernel {
    name: "portable",
    largest_code: 127,
    advance,
    reaches,
};

fn advance(sums: &mut Sums, queries: &[Lane], columns: &[Line]) {
    for (lane, lines) in queries.iter().zip(columns.as_chunks::<2>().0) {
        for (sums, query) in sums.0.iter_mut().zip(lane) {
            for (c, sum) in sums.iter_mut().enumerate().take(COLUMNS) {
                let column = &lines[c / 16].0[c % 16 * 4..][..4];
                let products = query.iter().zip(column).map(|(x, y)| i32::from(*x) * i32::from(*y));
                *sum += products.sum::<i32>();
            }
        }
    }
}

fn reaches(sums: &Sums, queries: &QueryBounds, columns: &ColumnBounds, rest: &Rest<'_>) -> bool {
    super::reaches(sums, queries, columns, rest)
}
