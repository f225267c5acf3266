//! Mean and variance of each identity, from unit features: the one estimator for real and for generated identities.

use ficta_core::{Error, Result};

use super::{Shrinkage, StatisticsConfig};

/// Means and variances of M identities.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Mean of the unit features, `[M,d]`, not normalised.
    pub mean: Vec<f32>,
    /// Total variance; NaN where no identity has two images.
    pub variance: Vec<f32>,
    /// Variance of each dimension, `[M,d]`; NaN where no identity has two images.
    pub variance_per_dim: Vec<f32>,
    /// Images.
    pub count: Vec<i64>,
    /// Pooled total variance over all identities; NaN where no identity has two images.
    pub pooled_variance: f64,
    /// Pseudo-observations of the pooled variance that each identity's own was mixed with.
    pub shrinkage: f64,
}

/// Describes M = `identities` of unit features `[N,d]`; `identity` is that of each feature, below M.
///
/// Variances: with n images, V_own = (1 - |mu|^2) n/(n-1) if `unbiased` (the second factor is left out otherwise), and likewise for
/// each dimension. Shrinkage to the pooled variance Vp = sum((n-1) V_own) / sum(n-1): V = ((n-1) V_own + k Vp) / (n-1 + k).
/// `auto` takes k by the method of moments: if the identities' variances have mean m and variance s^2, of which the part
/// e = mean(2 V_own^2 / ((n-1) r)) is sampling error (r = V^2 / sum(v_k^2), the effective number of dimensions), then
/// k = (n-1) e / (s^2 - e), at least 0 and at most 1000 (n is the mean count). An identity with one image gets Vp.
///
/// # Errors
/// A strength of shrinkage that is none.
pub fn spread(
    unit: &[f32],
    dim: usize,
    identity: &[usize],
    identities: usize,
    config: &StatisticsConfig,
) -> Result<Spread> {
    let m = identities;
    let mut count = vec![0i64; m];
    let mut mean = vec![0f64; m * dim];
    for (row, id) in unit.chunks_exact(dim).zip(identity) {
        count[*id] += 1;
        mean[id * dim..][..dim]
            .iter_mut()
            .zip(row)
            .for_each(|(s, x)| *s += f64::from(*x));
    }
    for (id, mean) in mean.chunks_exact_mut(dim).enumerate() {
        mean.iter_mut().for_each(|x| *x /= count[id] as f64);
    }
    let mut per_dim = vec![0f64; m * dim];
    for (row, id) in unit.chunks_exact(dim).zip(identity) {
        let (own, mu) = (&mut per_dim[id * dim..][..dim], &mean[id * dim..][..dim]);
        own.iter_mut()
            .zip(row)
            .zip(mu)
            .for_each(|((v, x), mu)| *v += (f64::from(*x) - mu).powi(2));
    }
    for (id, own) in per_dim.chunks_exact_mut(dim).enumerate() {
        let n = count[id] as f64;
        let divisor = if config.unbiased { n - 1.0 } else { n };
        own.iter_mut()
            .for_each(|v| *v = if n > 1.0 { *v / divisor } else { 0.0 });
    }

    let freedom: Vec<f64> = count.iter().map(|n| (*n - 1) as f64).collect();
    let all: f64 = freedom.iter().sum();
    let pooled: Vec<f64> = (0..dim)
        .map(|k| (0..m).map(|id| freedom[id] * per_dim[id * dim + k]).sum::<f64>() / all)
        .collect();
    let strength = match config.shrinkage {
        Shrinkage::Off => 0.0,
        Shrinkage::Strength(k) if k.is_finite() && k >= 0.0 => k,
        Shrinkage::Strength(k) => {
            return Err(Error::config(format!(
                "statistics.shrinkage is {k}, expected `auto`, `off` or a number of at least 0"
            )));
        }
        Shrinkage::Auto => prior_strength(&per_dim, dim, &freedom),
    };
    for (id, own) in per_dim.chunks_exact_mut(dim).enumerate() {
        let f = freedom[id];
        let k = if f > 0.0 { strength } else { 1.0 };
        own.iter_mut()
            .zip(&pooled)
            .for_each(|(v, p)| *v = (f * *v + k * p) / (f + k));
    }
    let single = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<_>>();
    Ok(Spread {
        variance: per_dim
            .chunks_exact(dim)
            .map(|v| v.iter().sum::<f64>() as f32)
            .collect(),
        mean: single(&mean),
        variance_per_dim: single(&per_dim),
        count,
        pooled_variance: pooled.iter().sum(),
        shrinkage: strength,
    })
}

/// The method of moments of [`spread`].
fn prior_strength(per_dim: &[f64], dim: usize, freedom: &[f64]) -> f64 {
    let usable: Vec<_> = per_dim
        .chunks_exact(dim)
        .zip(freedom)
        .filter(|(_, f)| **f > 0.0)
        .collect();
    if usable.len() < 2 {
        return 0.0;
    }
    let n = usable.len() as f64;
    let totals: Vec<f64> = usable.iter().map(|(v, _)| v.iter().sum()).collect();
    let mean = totals.iter().sum::<f64>() / n;
    let spread = totals.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // 2 V^2 / (f r) with r = V^2 / sum(v_k^2) is 2 sum(v_k^2) / f.
    let error = usable
        .iter()
        .map(|(v, f)| 2.0 * v.iter().map(|x| x * x).sum::<f64>() / **f)
        .sum::<f64>()
        / n;
    let mean_freedom = usable.iter().map(|(_, f)| **f).sum::<f64>() / n;
    if spread <= error {
        return 1000.0;
    }
    (mean_freedom * error / (spread - error)).min(1000.0)
}
