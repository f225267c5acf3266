//! The run file: what it may say, and how its layers are put together.

mod arm;
mod check;
mod component;
mod compute_device;
mod denoiser;
mod evaluation;
mod figures;
mod generation;
mod id_set;
pub(crate) mod layers;
mod learning_rate;
mod metrics;
mod run_file;
mod training;

pub use arm::{Arm, Claim, REAL};
pub use component::ComponentChoice;
pub use compute_device::ComputeDevice;
pub use denoiser::{DenoiserConfig, DenoiserTraining};
pub use evaluation::EvaluationConfig;
pub use figures::FiguresConfig;
pub use generation::GenerationConfig;
pub use id_set::IdSet;
pub use layers::{Layers, cache_folder};
pub use learning_rate::LearningRate;
pub use metrics::MetricsConfig;
pub use run_file::{RunConfig, RunSection};
pub use training::{Sampling, TrainingConfig, TrainingEvaluationConfig};
