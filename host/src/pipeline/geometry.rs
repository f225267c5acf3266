//! How many identities fit: what the real identities alone, and the candidates alone, leave room for.
//!
//! Between two real identities at angle theta no point is farther from both than the midpoint, whose cosine to either is cos(theta/2) =
//! sqrt((1 + c) / 2). At a threshold tau on the cosine to real identities a pair can thus give something only if sqrt((1 + c) / 2) <= tau:
//! near-orthogonal parents need tau >= 0.707. This bounds what interpolation can yield; for given candidates, those within tau of no real
//! identity bound what any selection can.

use ficta_core::{Error, Result};
use rayon::prelude::*;

use super::{candidates::CandidateTable, identities::IdentityTable};
use crate::{
    metrics::cosine,
    similarity::{Neighbour, top_k},
};

/// Thresholds from 0 to 1 in steps of 0.02, those of the yield curve.
pub fn thresholds() -> Vec<f64> {
    (0..=50).map(|i| f64::from(i) / 50.0).collect()
}

/// How many of `values` are at most each of the ascending `thresholds`.
pub fn within(values: impl IntoIterator<Item = f64>, thresholds: &[f64]) -> Vec<u64> {
    let mut counts = vec![0u64; thresholds.len()];
    for value in values {
        if let Some(count) = counts.get_mut(thresholds.partition_point(|t| *t < value)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    counts.iter_mut().for_each(|c| {
        sum += *c;
        *c = sum;
    });
    counts
}

/// Pairs of real identities whose midpoint has a cosine of at most each threshold to both.
///
/// # Errors
/// A mean without direction.
pub fn pairs_with_room(real: &IdentityTable, thresholds: &[f64]) -> Result<Vec<u64>> {
    let unit = real.mean.normalised("mean of identity")?;
    let of = |a: usize| {
        let midpoint = |b: usize| (f64::midpoint(1.0, cosine(unit.row(a), unit.row(b))).max(0.0)).sqrt();
        within((a + 1..unit.rows).map(midpoint), thresholds)
    };
    let add = |a: Vec<u64>, b: Vec<u64>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    Ok((0..unit.rows)
        .into_par_iter()
        .map(of)
        .reduce(|| vec![0; thresholds.len()], add))
}

/// The largest cosine of each candidate to a real identity.
///
/// # Errors
/// A mean without direction; features of another length; no real identities.
pub fn nearest_real(candidates: &CandidateTable, real: &IdentityTable) -> Result<Vec<f64>> {
    let unit = real.mean.normalised("mean of identity")?;
    let nearest = top_k(&candidates.feature, &unit, 1, |_, _| false, |_| Ok(()))?;
    let one = |n: &Vec<Neighbour>| n.first().map(|n| n.cosine);
    nearest
        .iter()
        .map(one)
        .collect::<Option<_>>()
        .ok_or_else(|| Error::data("there are no real identities"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::matrix::Matrix;

    #[test]
    fn counts_are_of_values_up_to_each_threshold() {
        assert_eq!(within([0.1, 0.5, 0.5, 0.51, 2.0], &[0.0, 0.1, 0.5, 1.0]), [0, 1, 3, 4]);
    }

    #[test]
    fn orthogonal_parents_need_the_root_of_a_half() {
        let mean = Matrix::new(vec![1.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.7], 3, 3).unwrap();
        let real = IdentityTable {
            mean,
            variance: vec![0.1; 3],
            variance_per_dim: None,
            count: vec![5; 3],
            label: vec![0, 1, 2],
            center: None,
        };
        assert_eq!(pairs_with_room(&real, &[0.70, 0.71, 1.0]).unwrap(), [0, 3, 3]);
        let mut candidates = CandidateTable::empty(2, 3);
        candidates.feature.data = vec![0.6, 0.8, 0.0, 0.0, 0.0, -1.0];
        let nearest = nearest_real(&candidates, &real).unwrap();
        assert!(
            (nearest[0] - 0.8).abs() < 1e-7 && nearest[1].abs() < 1e-7,
            "{nearest:?}"
        );
    }
}
