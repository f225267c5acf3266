//! The run file: what it may say, and how its layers are put together.

mod layers;
mod run_file;

pub use layers::{Layers, cache_folder};
pub use run_file::{
    Arm, Claim, ComponentChoice, DenoiserConfig, DenoiserTraining, EvaluationConfig, FiguresConfig, GenerationConfig,
    IdSet, LearningRate, MetricsConfig, REAL, RunConfig, RunSection, TrainingConfig,
};
