//! `[generation]`.

use serde::{Deserialize, Serialize};

/// `[generation]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationConfig {
    /// Images a call of the sampler.
    pub batch: usize,
}

impl Default for GenerationConfig {
    fn default() -> Self {
        Self { batch: 64 }
    }
}
