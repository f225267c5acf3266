//! Rows against columns: which pairs may matter.

use std::ops::Range;

use crate::{
    codec::Codec,
    columns::{Columns, Panel},
    kernel::{COLUMNS, Kernel, QUERIES, Rest, Sums, upper},
    queries::Queries,
    rows::Rows,
    stages::Stages,
};

/// Wants to know of the columns that may be close to one row.
pub(crate) trait Visitor {
    /// Pairs whose cosine is below this do not matter. Only a visit may raise it.
    fn floor(&self) -> f32;

    /// The cosine with `column` lies in this range, rounding aside, whose upper end reaches the floor.
    fn visit(&mut self, column: usize, lower: f32, upper: f32);
}

/// A row and who asks for it.
pub(crate) struct Query<V> {
    pub(crate) row: usize,
    pub(crate) visitor: V,
}

/// Queries whose codes stay in the cache while the columns pass by.
const IN_CACHE: usize = 20 * QUERIES;

/// Tells each query's visitor, by ascending column, of every one of the `columns` in `range` whose cosine reaches the visitor's and the
/// column's floor, and of some that nearly do. On this thread.
pub(crate) fn scan<V: Visitor>(
    codec: &Codec,
    rows: &Rows<'_>,
    queries: &mut [Query<V>],
    columns: &Columns,
    range: Range<usize>,
) {
    if range.is_empty() {
        return;
    }
    let kernel = Kernel::best();
    let mut stages = Stages::new(codec.ends());
    let panels = range.start / COLUMNS..range.end.div_ceil(COLUMNS);
    for queries in queries.chunks_mut(IN_CACHE) {
        let coded = queries
            .chunks(QUERIES)
            .map(|few| Queries::new(codec, rows, few.iter().map(|q| q.row)));
        let mut coded: Vec<Queries> = coded.collect();
        for (coded, queries) in coded.iter_mut().zip(queries.chunks(QUERIES)) {
            raise(coded, queries);
        }
        for p in panels.clone() {
            let panel = &columns.panels()[p];
            for (coded, queries) in coded.iter_mut().zip(queries.chunks_mut(QUERIES)) {
                if let Some(sums) = product(kernel, codec, coded, panel, &mut stages) {
                    report(&sums, coded, panel, p * COLUMNS, &range, queries);
                    raise(coded, queries);
                }
            }
        }
    }
}

/// Takes over the visitors' floors, which only visits change.
fn raise<V: Visitor>(coded: &mut Queries, queries: &[Query<V>]) {
    for (floor, query) in coded.bounds.floor.iter_mut().zip(queries) {
        *floor = query.visitor.floor();
    }
}

/// All sums, if any pair may matter. After a stage that shows that none does, the rest is not computed.
fn product(kernel: Kernel, codec: &Codec, queries: &Queries, panel: &Panel, stages: &mut Stages) -> Option<Sums> {
    let mut sums = Sums([[0; COLUMNS]; QUERIES]);
    let (mut done, last) = (0, codec.ends().len() - 1);
    let plan = stages.plan();
    for stage in plan.first..=last {
        let groups = done..codec.ends()[stage];
        done = groups.end;
        kernel.advance(
            &mut sums,
            &queries.lanes[groups.clone()],
            &panel.lines[2 * groups.start..2 * groups.end],
        );
        let rest = Rest {
            queries: &queries.rest[stage],
            columns: &panel.rest[stage],
        };
        if !kernel.reaches(&sums, &queries.bounds, &panel.bounds, &rest) {
            stages.learn(plan, stage);
            return None;
        }
    }
    stages.learn(plan, last + 1);
    Some(sums)
}

/// Visits the pairs of finished sums.
fn report<V: Visitor>(
    sums: &Sums,
    coded: &Queries,
    panel: &Panel,
    first: usize,
    range: &Range<usize>,
    queries: &mut [Query<V>],
) {
    let none = Rest {
        queries: &[0.0; QUERIES],
        columns: &[0.0; COLUMNS],
    };
    let bounds = &panel.bounds;
    for (q, query) in queries.iter_mut().enumerate() {
        for c in (0..COLUMNS).filter(|c| range.contains(&(first + c))) {
            let most = upper(sums, &coded.bounds, bounds, &none, q, c);
            if most >= query.visitor.floor() && most >= bounds.floor[c] {
                let least = most - 2.0 * (coded.bounds.margin[q] + bounds.margin[c]);
                query.visitor.visit(first + c, least, most);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::{TensorRef, random::Stream};

    use super::*;

    struct All {
        floor: f32,
        seen: Vec<(usize, f32, f32)>,
    }

    impl Visitor for All {
        fn floor(&self) -> f32 {
            self.floor
        }
        fn visit(&mut self, column: usize, lower: f32, upper: f32) {
            self.seen.push((column, lower, upper));
        }
    }

    #[test]
    fn no_pair_at_or_above_both_floors_is_missed() {
        for (dim, count) in [(1, 3), (5, 40), (17, 100), (130, 300), (520, 700)] {
            let mut data = vec![0f32; count * dim];
            Stream::new(7, "test", dim as u64, 0).fill_normal(&mut data);
            data.chunks_exact_mut(dim).step_by(3).for_each(|row| row[0] += 3.0);
            let tensor = TensorRef::new(&data, &[count, dim]).unwrap();
            let rows = Rows::read(&tensor, "row").unwrap();
            let codec = Codec::new(&[&rows], Kernel::best());
            let mut columns = Columns::new(&codec);
            let floor_of = |c: usize| [-1.0, 0.2, 0.6][c % 3];
            (0..count).for_each(|c| columns.push(&codec, &rows, c, floor_of(c)));
            let all = |floor| All {
                floor,
                seen: Vec::new(),
            };
            for (range, floor) in [(0..count, 0.1), (count / 3..count - 1, -1.0), (1..2, 0.0)] {
                let mut queries: Vec<_> = (0..count)
                    .rev()
                    .map(|row| Query {
                        row,
                        visitor: all(floor),
                    })
                    .collect();
                scan(&codec, &rows, &mut queries, &columns, range.clone());
                for Query { row, visitor } in queries {
                    assert!(
                        visitor.seen.is_sorted_by_key(|s| s.0) && visitor.seen.iter().all(|s| range.contains(&s.0))
                    );
                    for c in range.clone() {
                        let cosine = rows.cosine(row, &rows, c);
                        match visitor.seen.iter().find(|s| s.0 == c) {
                            Some((_, lower, upper)) => {
                                assert!(f64::from(*lower) - 1e-5 <= cosine && cosine <= f64::from(*upper));
                            }
                            None => assert!(
                                cosine < f64::from(floor.max(floor_of(c))),
                                "{dim}: {row} and {c}: {cosine}"
                            ),
                        }
                    }
                }
            }
        }
    }
}
