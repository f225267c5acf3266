//! How often each real identity has become a parent.

use ficta_core::{Candidates, Error, Result};

/// Counts children; with a cap of 0 it neither counts nor needs parents.
pub(crate) struct ParentQuota {
    cap: usize,
    parents: Vec<[i64; 2]>,
    children: Vec<usize>,
}

impl ParentQuota {
    /// A quota of `cap` children for each of `real` identities.
    pub(crate) fn new(candidates: &Candidates<'_>, count: usize, real: usize, cap: usize) -> Result<Self> {
        if cap == 0 {
            return Ok(Self {
                cap,
                parents: Vec::new(),
                children: Vec::new(),
            });
        }
        let Some(tensor) = candidates.parents.into_option() else {
            return Err(Error::config(format!(
                "max_per_parent = {cap}, but these candidates do not say who their parents are"
            ))
            .help("set max_per_parent = 0, or use candidates with parents"));
        };
        tensor.expect_shape("parents of the candidates", &[count, 2])?;
        let parents: Vec<[i64; 2]> = tensor
            .as_slice::<i64>()?
            .chunks_exact(2)
            .map(|p| [p[0], p[1]])
            .collect();
        for (row, pair) in parents.iter().enumerate() {
            if let Some(p) = pair.iter().find(|p| **p < -1 || **p >= real as i64) {
                return Err(Error::data(format!(
                    "candidate row {row} has parent {p}, expected -1 or a row of {real} real identities"
                ))
                .help("use the identities that the candidates were made from"));
            }
        }
        Ok(Self {
            cap,
            parents,
            children: vec![0; real],
        })
    }

    /// The first parent of a candidate that has had its share.
    pub(crate) fn exhausted(&self, candidate: usize) -> Option<usize> {
        self.parents_of(candidate).find(|p| self.children[*p] >= self.cap)
    }

    /// Notes that a candidate was selected.
    pub(crate) fn count(&mut self, candidate: usize) {
        let parents: Vec<usize> = self.parents_of(candidate).collect();
        for p in parents {
            self.children[p] += 1;
        }
    }

    /// The same parents, without children yet.
    pub(crate) fn fresh(&self) -> Self {
        Self {
            cap: self.cap,
            parents: self.parents.clone(),
            children: vec![0; self.children.len()],
        }
    }

    /// Whether there is a cap at all.
    pub(crate) fn is_capped(&self) -> bool {
        self.cap > 0
    }

    /// Each parent once, also where both are the same.
    fn parents_of(&self, candidate: usize) -> impl Iterator<Item = usize> {
        let [a, b] = self.parents.get(candidate).copied().unwrap_or([-1, -1]);
        let b = if a == b { -1 } else { b };
        [a, b].into_iter().filter_map(|p| usize::try_from(p).ok())
    }
}
