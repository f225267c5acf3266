//! Samplers in plain Rust, over any denoiser: one file a sampler.
//!
//! All share one loop (`reverse`): at each time step of a `schedule`, ask the denoiser (`guidance`), turn its answer into an estimate of the
//! clean image (`prediction`), and move to the next, less noisy time step. A sampler is the rule for that move.

mod ddim;
mod ddpm;
mod dpm_solver_pp;
mod guidance;
mod noise;
mod prediction;
mod reverse;
mod schedule;

pub use ddim::{Ddim, Params as DdimParams};
pub use ddpm::{Ddpm, Params as DdpmParams, Variance};
pub use dpm_solver_pp::{DpmSolverPp, Params as DpmSolverPpParams};
pub use schedule::Spacing;

ficta_core::register_sampler!(
    Ddpm,
    "ddpm",
    "Ancestral sampling, all time steps or some of them (Ho et al. 2020)"
);
ficta_core::register_sampler!(
    Ddim,
    "ddim",
    "Denoising diffusion implicit model, few steps (Song et al. 2021)"
);
ficta_core::register_sampler!(
    DpmSolverPp,
    "dpm-solver-pp",
    "DPM-Solver++ 2M: of second order, fewer steps than ddim (Lu et al. 2022)"
);
ficta_core::export_plugin!();
