//! Verification packs: InsightFace's `lfw.bin` and its kind, a pickle of `(bins, issame)`.
//!
//! Image 2k and image 2k+1 are pair k; `issame[k]` says whether they show one person. Images are encoded (JPEG, PNG) and stay in the file until they
//! are asked for.

mod reader;
mod writer;

pub use reader::{Pack, parse};
pub use writer::write;

#[cfg(test)]
mod tests;
