//! The real identities, checked, as the ends of interpolations.

use ficta_core::{Error, Identities, Result};

/// Below this norm a mean has no direction: unit features that cancel each other leave about 1e-8 in f32.
const MIN_NORM: f64 = 1e-6;

/// Which variances a proposer looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// None to place a candidate; the total one only for the prediction. Unknown ones (NaN) are no error.
    Predicted,
    /// The total variance.
    Total,
    /// The total variance and that of each dimension.
    PerDim,
}

/// M checked identities: unit directions in f64, and variances.
pub(crate) struct Endpoints {
    dim: usize,
    unit: Vec<f64>,
    variance: Vec<f64>,
    variance_per_dim: Option<Vec<f32>>,
}

impl Endpoints {
    /// Reads what `identities` lend.
    pub(crate) fn read(identities: &Identities<'_>, spread: Spread) -> Result<Self> {
        let (mean, variance, dim) = lent(identities)?;
        let rows = variance.len();
        let unit = directions(mean, dim)?;
        for (row, v) in variance.iter().enumerate() {
            if !(v.is_nan() && spread == Spread::Predicted) {
                check_variance(*v, || format!("variance of identity row {row}"))?;
            }
        }
        let per_dim = spread == Spread::PerDim;
        let variance_per_dim = match (per_dim, identities.variance_per_dim.into_option()) {
            (false, _) => None,
            (true, None) => {
                return Err(Error::data(
                    "rule `per-dim` needs the variance of each dimension, which these identities lack",
                )
                .help("compute the statistics anew with variance_per_dim, or use rule = \"std-ratio\""));
            }
            (true, Some(tensor)) => {
                tensor.expect_shape("variance_per_dim of the identities", &[rows, dim])?;
                let values = tensor.as_slice::<f32>()?;
                for (i, v) in values.iter().enumerate() {
                    check_variance(*v, || {
                        format!("variance of identity row {}, dimension {}", i / dim, i % dim)
                    })?;
                }
                Some(values.to_vec())
            }
        };
        Ok(Self {
            dim,
            unit,
            variance: variance.iter().map(|v| f64::from(*v)).collect(),
            variance_per_dim,
        })
    }

    /// M.
    pub(crate) fn len(&self) -> usize {
        self.variance.len()
    }

    /// d.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// The unit direction of an identity's mean, `[d]`.
    pub(crate) fn unit(&self, row: usize) -> &[f64] {
        &self.unit[row * self.dim..][..self.dim]
    }

    /// Total variance of an identity; NaN where it is unknown.
    pub(crate) fn variance(&self, row: usize) -> f64 {
        self.variance[row]
    }

    /// Variance of each dimension of an identity, `[d]`; empty unless it was asked for.
    pub(crate) fn variance_per_dim(&self, row: usize) -> &[f32] {
        self.variance_per_dim
            .as_ref()
            .map_or(&[], |v| &v[row * self.dim..][..self.dim])
    }
}

/// The means, the total variances and d, of the right shapes and types.
pub(crate) fn lent<'a>(identities: &'a Identities<'_>) -> Result<(&'a [f32], &'a [f32], usize)> {
    let [rows, dim] = identities.mean.dims("mean of the identities")?;
    if dim == 0 {
        return Err(Error::shape("mean of the identities: features have no dimension"));
    }
    identities
        .variance
        .expect_shape("variance of the identities", &[rows])?;
    Ok((identities.mean.as_slice()?, identities.variance.as_slice()?, dim))
}

fn directions(mean: &[f32], dim: usize) -> Result<Vec<f64>> {
    let mut unit = Vec::with_capacity(mean.len());
    for (row, mu) in mean.chunks_exact(dim).enumerate() {
        if let Some(k) = mu.iter().position(|x| !x.is_finite()) {
            return Err(
                Error::data(format!("mean of identity row {row} is {} in dimension {k}", mu[k]))
                    .help("look for broken features of this identity and compute the statistics anew"),
            );
        }
        let norm = mu.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        if norm < MIN_NORM {
            return Err(Error::data(format!(
                "mean of identity row {row} has norm {norm:.1e}, so it has no direction"
            ))
            .help("the images of this identity cancel each other: check their labels, or leave the identity out"));
        }
        unit.extend(mu.iter().map(|x| f64::from(*x) / norm));
    }
    Ok(unit)
}

fn check_variance(v: f32, what: impl Fn() -> String) -> Result<()> {
    if v.is_finite() && v >= 0.0 {
        return Ok(());
    }
    Err(
        Error::data(format!("{} is {v}, expected a finite number of at least 0", what()))
            .help("compute the statistics anew; an identity of one image needs the pooled variance"),
    )
}
