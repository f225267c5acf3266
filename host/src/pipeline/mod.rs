//! A run: its stages, what is cached, and their order.

pub mod arm_images;
pub mod candidates;
pub mod encoding;
pub mod face_training;
pub mod feasibility;
pub mod generator;
pub mod geometry;
pub mod held_out;
pub mod identities;
pub mod images;
mod lock;
pub mod matrix;
pub mod order;
pub mod place;
mod plan;
pub mod proposal;
mod record;
pub mod resumable;
mod run_folder;
mod runner;
pub mod selection;
mod stage;
pub mod stages;
pub mod training_alarm;
pub mod training_evaluation;
pub mod training_events;
pub mod training_images;
pub mod training_loop;
mod verification_sets;

pub use lock::{LockedPlugin, PluginsLock};
pub use place::Place;
pub use plan::{Plan, Step, StepState};
pub use record::StageRecord;
pub use run_folder::RunFolder;
pub use runner::{Outcome, run};
pub use stage::Stage;
