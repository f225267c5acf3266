//! `[denoiser]`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ComponentChoice, LearningRate,
    component::empty_object,
    training::{checkpoint_every, yes},
};

/// `[denoiser]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiserConfig {
    /// Name of the component.
    pub plugin: String,
    /// Its parameters.
    #[serde(default = "empty_object")]
    pub params: Value,
    /// Its training.
    pub training: DenoiserTraining,
}

impl DenoiserConfig {
    /// The component alone.
    pub fn component(&self) -> ComponentChoice {
        ComponentChoice {
            plugin: self.plugin.clone(),
            params: self.params.clone(),
        }
    }
}

/// `[denoiser.training]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiserTraining {
    /// Optimizer steps.
    pub steps: usize,
    /// Images a step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: LearningRate,
    /// Mirror images at random.
    #[serde(default = "yes")]
    pub flip: bool,
    /// Steps between checkpoints.
    #[serde(default = "checkpoint_every")]
    pub checkpoint_every: usize,
    /// Steps between sample grids; 0 for none.
    #[serde(default)]
    pub sample_every: usize,
}
