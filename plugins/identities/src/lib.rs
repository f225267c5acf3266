//! Proposers of fictional identities.
//!
//! `variance-interpolation` puts a fictional identity between two real ones, nearer to the one that varies less. That variances
//! shall decide, and the midpoint as the ablation without them, stand in the paper's supplement; the formulas are ours. Each
//! module says which is which.

mod endpoints;
mod interpolate;
mod pairs;
mod rule;
mod variance_interpolation;

pub use interpolate::Interpolation;
pub use pairs::Pairs;
pub use rule::Rule;
pub use variance_interpolation::{VarianceInterpolation, VarianceInterpolationParams};

ficta_core::register_proposer!(
    VarianceInterpolation,
    "variance-interpolation",
    "Between two real identities, nearer to the one that varies less"
);

ficta_core::export_plugin!();
