//! `[metrics]`.

use serde::{Deserialize, Serialize};

/// `[metrics]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// False-match rate on real impostor pairs at which the cosine threshold r is calibrated.
    pub false_match_rate: f64,
    /// Neighbours of improved recall.
    pub neighbours: usize,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            false_match_rate: 1e-3,
            neighbours: 3,
        }
    }
}
