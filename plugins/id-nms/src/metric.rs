//! What makes two identities too similar.

use ficta_core::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// How similarity is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The cosine: too similar above `threshold_real` and `threshold_selected`.
    #[default]
    Cosine,
    /// The distance (1 - cosine)/(sigma_i + sigma_j), where sigma is the square root of a predicted or measured variance: too similar
    /// below `distance_real` and `distance_selected`. Identities that vary much keep others farther away. The option is ours.
    VarianceDistance,
}

impl Metric {
    /// A threshold as a score: what scores higher is too similar.
    pub(crate) fn score_of(self, threshold: f64) -> f64 {
        match self {
            Self::Cosine => threshold,
            Self::VarianceDistance => -threshold,
        }
    }
}

/// A measure on the identities of one scene, as a score: the larger, the more similar. The cosine itself, or the distance's negative.
///
/// A distance between two identities without variance is infinite, and zero where the cosine is 1.
pub(crate) struct Measure<'s> {
    /// Variances of candidates and real identities; `None` for the cosine.
    variances: Option<(&'s [f32], &'s [f32])>,
    /// The largest sigma of a candidate, and of a real identity.
    largest: (f64, f64),
}

/// Whom a candidate is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Real,
    Selected,
}

/// Covers the rounding of [`Measure::floor`].
const ROUNDING: f64 = 1e-12;

impl<'s> Measure<'s> {
    pub(crate) fn cosine() -> Self {
        Self {
            variances: None,
            largest: (0.0, 0.0),
        }
    }

    pub(crate) fn is_cosine(&self) -> bool {
        self.variances.is_none()
    }

    /// Over variances of all `candidates` and `real` identities.
    pub(crate) fn variance_distance(candidates: &'s [f32], count: usize, real: &'s [f32]) -> Result<Self> {
        if candidates.len() != count {
            return Err(Error::config(
                "metric = \"variance-distance\", but these candidates have no predicted variance",
            )
            .help("set metric = \"cosine\", or use candidates with variances"));
        }
        for (what, variances) in [("candidate", candidates), ("real identity", real)] {
            if let Some(row) = variances.iter().position(|v| !(*v >= 0.0 && v.is_finite())) {
                return Err(Error::data(format!(
                    "{what} row {row} has variance {}, and metric = \"variance-distance\" expects a finite one that is not negative",
                    variances[row]
                ))
                .help("set metric = \"cosine\", or give every candidate a variance"));
            }
        }
        let largest = |v: &[f32]| v.iter().fold(0f64, |m, v| m.max(f64::from(*v).sqrt()));
        Ok(Self {
            variances: Some((candidates, real)),
            largest: (largest(candidates), largest(real)),
        })
    }

    /// The score of `candidate` with row `other` of `side`, whose cosine is given.
    pub(crate) fn score(&self, candidate: usize, side: Side, other: usize, cosine: f64) -> f64 {
        let Some((candidates, real)) = self.variances else {
            return cosine;
        };
        let others = if side == Side::Real { real } else { candidates };
        let spread = f64::from(candidates[candidate]).sqrt() + f64::from(others[other]).sqrt();
        // Not minus zero, which would sort apart.
        match (1.0 - cosine, spread) {
            (0.0, _) => 0.0,
            (apart, spread) => -(apart / spread),
        }
    }

    /// At least the least cosine with which `candidate` can have `score` on `side`, less what rounding may do.
    pub(crate) fn floor(&self, candidate: usize, side: Side, score: f64) -> f64 {
        let Some((candidates, _)) = self.variances else {
            return score;
        };
        let largest = if side == Side::Real {
            self.largest.1
        } else {
            self.largest.0
        };
        let spread = f64::from(candidates[candidate]).sqrt() + largest;
        if spread == 0.0 {
            return if score == f64::NEG_INFINITY {
                -1.0
            } else {
                1.0 - ROUNDING
            };
        }
        1.0 + score * spread * (1.0 + ROUNDING) - ROUNDING
    }
}
