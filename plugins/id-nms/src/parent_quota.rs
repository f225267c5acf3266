//! How often each real identity has become a parent.

use ficta_core::{Error, Result};

use crate::scene::Scene;

/// Counts children; with a cap of 0 it neither counts nor needs parents.
pub(crate) struct ParentQuota<'s> {
    scene: &'s Scene<'s>,
    cap: usize,
    children: Vec<u32>,
}

impl<'s> ParentQuota<'s> {
    /// A quota of `cap` children for each real identity.
    pub(crate) fn new(scene: &'s Scene<'s>, cap: usize) -> Result<Self> {
        if cap == 0 {
            return Ok(Self {
                scene,
                cap,
                children: Vec::new(),
            });
        }
        let real = scene.real.len();
        let Some(parents) = scene.parents else {
            return Err(Error::config(format!(
                "max_per_parent = {cap}, but these candidates do not say who their parents are"
            ))
            .help("set max_per_parent = 0, or use candidates with parents"));
        };
        if let Some(place) = parents.iter().position(|p| *p < -1 || *p >= real as i64) {
            return Err(Error::data(format!(
                "candidate row {} has parent {}, expected -1 or a row of {real} real identities",
                place / 2,
                parents[place]
            ))
            .help("use the identities that the candidates were made from"));
        }
        Ok(Self {
            scene,
            cap,
            children: vec![0; real],
        })
    }

    /// The first parent of a candidate that has had its share.
    pub(crate) fn exhausted(&self, candidate: usize) -> Option<usize> {
        if self.cap == 0 {
            return None;
        }
        let mut parents = self.scene.parents_of(candidate);
        parents.find(|p| self.children[*p] as usize >= self.cap)
    }

    /// Notes that a candidate was selected.
    pub(crate) fn count(&mut self, candidate: usize) {
        if self.cap > 0 {
            self.scene.parents_of(candidate).for_each(|p| self.children[p] += 1);
        }
    }

    /// The same parents, without children yet.
    pub(crate) fn fresh(&self) -> Self {
        Self {
            scene: self.scene,
            cap: self.cap,
            children: vec![0; self.children.len()],
        }
    }

    /// Whether there is a cap at all.
    pub(crate) fn is_capped(&self) -> bool {
        self.cap > 0
    }
}
