//! Statistics of identities from raw features.

use ficta_core::{Error, Result};

use super::{CentringReport, StatisticsConfig, centring::centre, spread::spread};

/// Statistics of M identities, by ascending label.
#[derive(Clone, Debug, PartialEq)]
pub struct IdStatistics {
    /// Length of a feature.
    pub dim: usize,
    /// Mean of the unit features, `[M,d]`, not normalised.
    pub mean: Vec<f32>,
    /// Total variance.
    pub variance: Vec<f32>,
    /// Variance of each dimension, `[M,d]`.
    pub variance_per_dim: Vec<f32>,
    /// Images.
    pub count: Vec<i64>,
    /// Label.
    pub label: Vec<i64>,
    /// What was subtracted from the unit features.
    pub center: Option<Vec<f32>>,
    /// Pooled total variance over all identities.
    pub pooled_variance: f64,
    /// Pseudo-observations of the pooled variance that each identity's own was mixed with.
    pub shrinkage: f64,
}

/// Describes the identities of raw features `[N,d]`.
///
/// Means and variances are those of [`spread`].
///
/// # Errors
/// Shapes that do not agree, no features, zero or non-finite features (with the row), no identity with two images.
pub fn describe(
    raw: &[f32],
    dim: usize,
    labels: &[i64],
    config: &StatisticsConfig,
) -> Result<(IdStatistics, CentringReport)> {
    if labels.is_empty() || dim == 0 || raw.len() != labels.len() * dim {
        return Err(Error::shape(format!(
            "{} labels for {} numbers in features of length {dim}",
            labels.len(),
            raw.len()
        )));
    }
    let mut label: Vec<i64> = labels.to_vec();
    label.sort_unstable();
    label.dedup();
    let m = label.len();
    let rows: Vec<usize> = labels.iter().filter_map(|l| label.binary_search(l).ok()).collect();
    let (unit, center, report) = centre(raw, dim, &rows, m, config)?;

    let of = spread(&unit, dim, &rows, m, config)?;
    if of.count.iter().all(|n| *n < 2) {
        return Err(
            Error::data(format!("each of {m} identities has one image, so none has a variance"))
                .help("give at least one identity two images; ten or more are better"),
        );
    }
    let statistics = IdStatistics {
        dim,
        mean: of.mean,
        variance: of.variance,
        variance_per_dim: of.variance_per_dim,
        count: of.count,
        label,
        center,
        pooled_variance: of.pooled_variance,
        shrinkage: of.shrinkage,
    };
    Ok((statistics, report))
}

#[cfg(test)]
mod tests;
