//! `[metrics]`.

use serde::{Deserialize, Serialize};

use super::{ComponentChoice, RunConfig};
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
    /// The network that measures; by default the run's encoder, which conditions the generator too. The paper measures with another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoder: Option<ComponentChoice>,
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
            encoder: None,
        }
    }
}

impl RunConfig {
    /// The network that measures the generated sets, where it is another than the one that conditions the generator.
    pub fn evaluator(&self) -> Option<&ComponentChoice> {
        self.metrics.encoder.as_ref().filter(|choice| **choice != self.encoder)
    }
}
