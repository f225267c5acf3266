//! One pass over the images of a set.

use ficta_core::{Ctx, Result};
use rayon::prelude::*;

use super::{Look, look};
use crate::data::source::ImageSource;

/// Images between two reports of progress.
const BLOCK: usize = 256;

/// Which images of a set are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    len: usize,
    count: usize,
}

impl Chosen {
    /// All `len` of them, or `sample` evenly spaced ones where there are more.
    pub fn of(len: usize, sample: Option<usize>) -> Self {
        Self {
            len,
            count: sample.map_or(len, |most| most.min(len)),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether these are all.
    pub fn is_all(&self) -> bool {
        self.count == self.len
    }

    /// Index of the `at`-th.
    pub fn index(&self, at: usize) -> usize {
        (at as u128 * self.len as u128 / self.count.max(1) as u128) as usize
    }
}

/// Looks at the chosen images on all threads. The outcome is in their order, whatever the number of threads; some 80 bytes an image are held.
///
/// # Errors
/// Cancellation alone: what is wrong with images stands in the outcome.
pub fn scan(source: &dyn ImageSource, chosen: Chosen, ctx: &Ctx<'_>) -> Result<Vec<Look>> {
    let mut all = Vec::with_capacity(chosen.count());
    for start in (0..chosen.count()).step_by(BLOCK) {
        let block = start..chosen.count().min(start + BLOCK);
        let looks: Vec<Look> = block.into_par_iter().map(|at| look(source, chosen.index(at))).collect();
        all.extend(looks);
        ctx.progress(all.len() as u64, chosen.count() as u64, "images")?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_evenly_spaced() {
        let some = Chosen::of(100, Some(4));
        assert_eq!((0..4).map(|at| some.index(at)).collect::<Vec<_>>(), [0, 25, 50, 75]);
        assert!(Chosen::of(3, Some(9)).is_all() && !some.is_all());
    }
}
