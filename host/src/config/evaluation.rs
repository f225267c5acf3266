//! `[evaluation]`.

use serde::{Deserialize, Serialize};

/// `[evaluation]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Folds of the verification protocol; fewer where there are too few people.
    pub folds: usize,
    /// How often the people are dealt to folds anew. Few people are better verified in two folds and several rounds than in many folds.
    pub rounds: usize,
    /// Resamplings of people for the intervals.
    pub bootstrap: usize,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self {
            folds: 10,
            rounds: 1,
            bootstrap: 1000,
        }
    }
}
