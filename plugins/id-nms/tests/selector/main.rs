//! The selectors from outside.

mod behaviour;
mod contract;
mod equivalence;
mod errors;
mod k_centre;
mod naive;
mod resume;
mod scene;
mod snapshots;
