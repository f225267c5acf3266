//! Cosines of many features with many others.

mod product;
mod top_k;

pub use top_k::{Neighbour, top_k};
