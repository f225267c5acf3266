//! `[metrics]`.

use serde::{Deserialize, Serialize};

use crate::metrics::Measure;

/// `[metrics]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// False-match rate on real impostor pairs at which the cosine threshold r is calibrated.
    pub false_match_rate: f64,
    /// Neighbours of improved recall.
    pub neighbours: usize,
    /// Pairs of images that are looked at in each set, at most: all where there are no more, else as many drawn by the run's seed.
    pub pairs: usize,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        let Measure {
            false_match_rate,
            neighbours,
            pairs,
            ..
        } = Measure::default();
        Self {
            false_match_rate,
            neighbours,
            pairs,
        }
    }
}
