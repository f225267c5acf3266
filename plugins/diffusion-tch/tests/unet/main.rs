//! The `unet` denoiser through its trait.

mod determinism;
mod errors;
mod learning;
mod listing;
mod persistence;
mod reference;
mod setup;
