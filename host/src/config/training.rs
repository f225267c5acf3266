//! `[training]`.

use serde::{Deserialize, Serialize};

use super::LearningRate;

/// `[training]`: of each arm's backbone.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Optimizer steps, equal for all arms.
    pub steps: usize,
    /// Images a step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: LearningRate,
    /// Mirror images at random.
    #[serde(default = "yes")]
    pub flip: bool,
    /// Trainings of each arm that differ in their seed.
    #[serde(default = "one")]
    pub seeds: usize,
    /// Steps between checkpoints.
    #[serde(default = "checkpoint_every")]
    pub checkpoint_every: usize,
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn checkpoint_every() -> usize {
    200
}

fn one() -> usize {
    1
}
