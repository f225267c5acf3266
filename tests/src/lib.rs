//! Helpers of the tests across crates. They drive the product as built by `cargo xtask plugins --release`.

pub mod browser;
pub mod celeba;
pub mod command;
pub mod faces;
pub mod outside_crate;
pub mod product;
pub mod records;
pub mod skew;
mod skipped;
pub mod smoke;
pub mod weights;

pub use skipped::skipped;
