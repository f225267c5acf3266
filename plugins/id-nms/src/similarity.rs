//! The most similar of many rows.

use rayon::prelude::*;

use crate::{
    estimate::{self, error_bound},
    rows::Rows,
};

/// A row and the cosine to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    pub(crate) cosine: f64,
    pub(crate) index: usize,
}

impl Match {
    /// The larger cosine; of equals, the lower index.
    fn better(self, other: Self) -> Self {
        let ahead = other.cosine > self.cosine || other.cosine == self.cosine && other.index < self.index;
        if ahead { other } else { self }
    }
}

/// The better of two that may not be.
pub(crate) fn better(a: Option<Match>, b: Option<Match>) -> Option<Match> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.better(b)),
        (a, b) => a.or(b),
    }
}

/// The best match of row `query` among these rows of `references`.
pub(crate) fn best(queries: &Rows<'_>, query: usize, references: &Rows<'_>, among: &[usize]) -> Option<Match> {
    let matches = among.iter().map(|&index| Match {
        cosine: queries.cosine(query, references, index),
        index,
    });
    matches.reduce(Match::better)
}

/// Queries that one task takes at a time.
pub(crate) const TASK: usize = 32;

/// [`best`] for each query, on the threads of the pool this is called in. What comes out depends on no thread, task or estimate.
pub(crate) fn best_of_each(
    queries: &Rows<'_>,
    which: &[usize],
    references: &Rows<'_>,
    among: &[usize],
) -> Vec<Option<Match>> {
    let slack = error_bound(queries.dim());
    let of_task = |task: &[usize]| {
        let mut found: Vec<Option<Match>> = vec![None; task.len()];
        estimate::cosines(queries, task, references, among, |q, r, estimate| {
            // Not even equal to the best: the estimate is too low by more than it can be wrong.
            if found[q].is_some_and(|best| estimate + slack < best.cosine) {
                return;
            }
            let exact = Match {
                cosine: queries.cosine(task[q], references, among[r]),
                index: among[r],
            };
            found[q] = better(found[q], Some(exact));
        });
        found
    };
    which.par_chunks(TASK).flat_map_iter(of_task).collect()
}
