//! `[training]`.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Arm, LearningRate};

/// `[training]`: of each arm's backbone.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Optimizer steps; of an arm that names its own, those.
    pub steps: usize,
    /// Images a step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: LearningRate,
    /// Mirror images at random.
    #[serde(default = "yes")]
    pub flip: bool,
    /// Which images a step sees.
    #[serde(default, skip_serializing_if = "Sampling::is_plain")]
    pub sampling: Sampling,
    /// Verification while the network is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<TrainingEvaluationConfig>,
    /// Trainings of each arm that differ in their seed.
    #[serde(default = "one")]
    pub seeds: usize,
    /// Steps between checkpoints.
    #[serde(default = "checkpoint_every")]
    pub checkpoint_every: usize,
}

impl TrainingConfig {
    /// The training of an arm.
    #[must_use]
    pub fn of(&self, arm: &Arm) -> Self {
        Self {
            steps: arm.steps.unwrap_or(self.steps),
            ..self.clone()
        }
    }
}

/// Which images a training step sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every epoch shows every image once, in an order of its own.
    #[default]
    Plain,
    /// An identity is drawn for each place in a batch, each with the same probability, then one of its images.
    Balanced,
}

impl Sampling {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// `[training.evaluation]`: verification while a network is trained. It changes no weight, and selects none unless told so.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingEvaluationConfig {
    /// Steps between evaluations; the last step is always followed by one.
    pub every: usize,
    /// Verify the run's held-out people.
    #[serde(default = "yes")]
    pub held_out: bool,
    /// Verification sets by name: packs (.bin), LFW's pairs.txt, or .csv of path_a,path_b,same[,fold].
    #[serde(default)]
    pub sets: BTreeMap<String, PathBuf>,
    /// Keep the weights of the evaluation with the best mean accuracy, in place of the last step's. What is measured on these sets afterwards is too
    /// good, and tables and model cards say so.
    #[serde(default)]
    pub select: bool,
}

impl TrainingEvaluationConfig {
    /// Checks what the types cannot say; `key` is where it stands.
    ///
    /// # Errors
    /// No interval; nothing to verify; a set that is called like the held-out people.
    pub fn check(&self, key: &str) -> Result<()> {
        if self.every == 0 {
            return Err(Error::config(format!("{key}.every is 0, expected at least 1")));
        }
        if !self.held_out && self.sets.is_empty() {
            return Err(Error::config(format!("{key} names nothing to verify"))
                .help("set held_out = true, or name sets = { lfw = \"lfw.bin\" }"));
        }
        if self.held_out && self.sets.contains_key(Self::HELD_OUT) {
            return Err(Error::config(format!(
                "{key}.sets: `{}` is the name of the held-out people",
                Self::HELD_OUT
            ))
            .help("give the set another name"));
        }
        Ok(())
    }

    /// What the held-out people are called among the sets.
    pub const HELD_OUT: &str = "held-out";
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
