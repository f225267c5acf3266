//! What a run's trainings will take, before they are started: steps and images, which the run file says, and an estimate of time and memory from a few real
//! steps on this machine.

mod calibration;
mod peak_memory;
mod probes;
mod trainings;

pub use calibration::{Calibration, calibrate};
pub use probes::{Estimate, estimate};
pub use trainings::{Training, trainings};
