//! The selectors from outside.

mod behaviour;
mod equivalence;
mod errors;
mod host;
mod naive;
mod scene;
mod snapshots;
