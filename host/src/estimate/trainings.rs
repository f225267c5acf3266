//! The trainings of a plan.

use serde::Serialize;

use crate::{
    config::RunConfig,
    pipeline::{Plan, Step, StepState},
};

/// A stage that trains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Training {
    /// Its name.
    pub stage: String,
    /// Optimizer steps.
    pub steps: usize,
    /// Images a step.
    pub batch: usize,
    /// Images that it sees in all, as often as it sees them.
    pub images: u64,
    /// Whether it is done already.
    pub up_to_date: bool,
}

impl Training {
    /// Its name without its seed: trainings of one arm are alike.
    pub fn arm(&self) -> &str {
        self.stage.split_once("/seed-").map_or(&self.stage, |(arm, _)| arm)
    }
}

/// The stages of a plan that train.
pub fn trainings(config: &RunConfig, plan: &Plan) -> Vec<Training> {
    let training = |step: &Step| {
        let stage = step.stage.id.as_str();
        let (steps, batch) = match (&config.denoiser, stage) {
            (Some(denoiser), "train-denoiser") => (denoiser.training.steps, denoiser.training.batch),
            _ => {
                let (arm, _) = stage.strip_prefix("train-backbone/")?.rsplit_once("/seed-")?;
                let training = config.training.of(config.arms.get(arm)?);
                (training.steps, training.batch)
            }
        };
        Some(Training {
            stage: stage.to_owned(),
            steps,
            batch,
            images: (steps as u64).saturating_mul(batch as u64),
            up_to_date: step.state == StepState::UpToDate,
        })
    };
    plan.steps.iter().filter_map(training).collect()
}
