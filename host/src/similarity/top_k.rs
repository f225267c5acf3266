//! The most similar of many features, block by block.

use ficta_core::{Error, Result};
use rayon::prelude::*;

use super::product::product;
use crate::{metrics::cosine, pipeline::matrix::Matrix};

/// Queries of one block. With [`REFERENCES`], scores of a block fill half a megabyte.
const QUERIES: usize = 128;
/// References of one block.
const REFERENCES: usize = 1024;

/// A reference near a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Row of the references.
    pub row: usize,
    /// Cosine, in f64.
    pub cosine: f64,
}

/// The `k` references of largest cosine to each query, largest first, ties by row; fewer where there are no more. `queries` `[N,d]` and
/// `references` `[M,d]` hold unit rows; pairs (query, reference) for which `skip` holds do not count.
///
/// Beyond the two matrices, memory is half a megabyte a thread and a few k numbers a query: the N x M scores are never there at once.
/// Scores are computed in f32; those within their error of the k best are computed again in f64, so that the outcome is that of a plain
/// loop in f64 and depends neither on threads nor on blocks nor on the processor. `progress` gets the queries done after each block of
/// all threads; an error that it returns ends the work. Runs on the current rayon pool.
///
/// # Errors
/// Rows of another length; what `progress` returns.
pub fn top_k(
    queries: &Matrix,
    references: &Matrix,
    k: usize,
    skip: impl Fn(usize, usize) -> bool + Sync,
    mut progress: impl FnMut(usize) -> Result<()>,
) -> Result<Vec<Vec<Neighbour>>> {
    let dim = queries.cols;
    if references.cols != dim {
        return Err(Error::shape(format!(
            "features of {dim} numbers against features of {}",
            references.cols
        )));
    }
    // A sum of d products of unit vectors' elements, each rounded: at most about d units in the last place of 1, for each of two scores.
    let margin = 2.0 * (dim as f32 + 8.0) * f32::EPSILON;
    let mut out = Vec::with_capacity(queries.rows);
    let starts: Vec<usize> = (0..queries.rows).step_by(QUERIES).collect();
    for round in starts.chunks(4 * rayon::current_num_threads().max(1)) {
        let blocks: Vec<Vec<Vec<Neighbour>>> = round
            .par_iter()
            .map(|start| block(queries, *start, references, k, margin, &skip))
            .collect();
        out.extend(blocks.into_iter().flatten());
        progress(out.len())?;
    }
    Ok(out)
}

/// Queries from `start` on.
fn block(
    queries: &Matrix,
    start: usize,
    references: &Matrix,
    k: usize,
    margin: f32,
    skip: &(impl Fn(usize, usize) -> bool + Sync),
) -> Vec<Vec<Neighbour>> {
    let dim = queries.cols;
    let rows = QUERIES.min(queries.rows - start);
    let mut best: Vec<Best> = (0..rows).map(|_| Best::new(k, margin)).collect();
    let mut scores = vec![0f32; rows * REFERENCES.min(references.rows)];
    for first in (0..references.rows).step_by(REFERENCES) {
        let columns = REFERENCES.min(references.rows - first);
        let scores = &mut scores[..rows * columns];
        let (left, right) = (&queries.data[start * dim..], &references.data[first * dim..]);
        product(
            scores,
            &left[..rows * dim],
            &right[..columns * dim],
            [rows, columns, dim],
        );
        for (i, line) in scores.chunks_exact(columns).enumerate() {
            let best = &mut best[i];
            for (j, score) in line.iter().enumerate() {
                if *score >= best.floor && !skip(start + i, first + j) {
                    best.push(*score, first + j);
                }
            }
        }
    }
    let exact = |(i, best): (usize, Best)| best.finish(queries.row(start + i), references);
    best.into_iter().enumerate().map(exact).collect()
}

/// References that may be among the k best of one query.
struct Best {
    k: usize,
    margin: f32,
    /// Below this score no reference can be.
    floor: f32,
    near: Vec<(f32, usize)>,
}

impl Best {
    fn new(k: usize, margin: f32) -> Self {
        Self {
            k,
            margin,
            floor: if k == 0 { f32::INFINITY } else { f32::NEG_INFINITY },
            near: Vec::new(),
        }
    }

    fn push(&mut self, score: f32, row: usize) {
        self.near.push((score, row));
        if self.near.len() >= 4 * self.k + 32 {
            self.prune();
        }
    }

    fn prune(&mut self) {
        if self.near.len() > self.k {
            self.near.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
            let floor = self.near[self.k - 1].0 - self.margin;
            self.floor = self.floor.max(floor);
            self.near.retain(|(score, _)| *score >= floor);
        }
    }

    fn finish(mut self, query: &[f32], references: &Matrix) -> Vec<Neighbour> {
        self.prune();
        let exact = |(_, row): &(f32, usize)| Neighbour {
            row: *row,
            cosine: cosine(query, references.row(*row)),
        };
        let mut all: Vec<Neighbour> = self.near.iter().map(exact).collect();
        all.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.row.cmp(&b.row)));
        all.truncate(self.k);
        // Unit rows are so to the last bit of f32.
        all.iter_mut().for_each(|n| n.cosine = n.cosine.clamp(-1.0, 1.0));
        all
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::random::Stream;
    use proptest::prelude::*;

    use super::*;

    fn unit(rows: usize, dim: usize, seed: u64) -> Matrix {
        let mut x = Matrix::zeros(rows, dim);
        Stream::new(seed, "test", 0, 0).fill_normal(&mut x.data);
        x.normalised("row").unwrap()
    }

    fn naive(
        queries: &Matrix,
        references: &Matrix,
        k: usize,
        skip: impl Fn(usize, usize) -> bool,
    ) -> Vec<Vec<Neighbour>> {
        let of = |i: usize| {
            let one = |row: usize| Neighbour {
                row,
                cosine: cosine(queries.row(i), references.row(row)),
            };
            let mut all: Vec<_> = (0..references.rows).filter(|j| !skip(i, *j)).map(one).collect();
            all.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.row.cmp(&b.row)));
            all.truncate(k);
            all.iter_mut().for_each(|n| n.cosine = n.cosine.clamp(-1.0, 1.0));
            all
        };
        (0..queries.rows).map(of).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn equals_a_plain_loop(n in 1usize..300, m in 1usize..2300, dim in 2usize..40, k in 0usize..7, seed: u64, copies: bool) {
            let (queries, mut references) = (unit(n, dim, seed), unit(m, dim, seed ^ 1));
            if copies {
                // Many equal rows: everything ties.
                for row in 1..m {
                    let from = row % 5 * dim;
                    if from < row * dim {
                        references.data.copy_within(from..from + dim, row * dim);
                    }
                }
            }
            let skip = |i: usize, j: usize| (i + j) % 7 == 3;
            let mut done = 0;
            let got = top_k(&queries, &references, k, skip, |n| { done = n; Ok(()) })?;
            prop_assert_eq!(done, n);
            prop_assert_eq!(got, naive(&queries, &references, k, skip));
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (queries, references) = (unit(700, 64, 3), unit(3000, 64, 4));
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| top_k(&queries, &references, 3, |_, _| false, |_| Ok(())).unwrap())
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn stops_when_told() {
        let queries = unit(1000, 8, 3);
        let stopped = top_k(&queries, &queries, 1, |_, _| false, |_| Err(Error::data("enough")));
        assert_eq!(stopped.unwrap_err().message(), "enough");
    }
}
