//! What a run's trainings and generated sets will take, before they are started: steps and images, which the run file says, and an estimate of time and memory
//! from a few real steps on this machine.

mod calibration;
mod generations;
mod peak_memory;
mod people;
mod probes;
mod trainings;

pub use calibration::{Calibration, calibrate};
pub use generations::{Generation, generations};
pub use people::Photographed;
pub use probes::{ENCODED, Estimate, estimate};
pub use trainings::{Training, trainings};
