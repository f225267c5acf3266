//! The proposer `variance-interpolation` from outside.

mod errors;
mod properties;
mod reference;
mod scene;
mod snapshots;
