//! The proposers from outside.

mod baseline_errors;
mod baselines;
mod baselines_reference;
mod contract;
mod errors;
mod properties;
mod reference;
mod scene;
mod snapshots;
