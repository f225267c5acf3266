//! Alignment: faces brought to a template by five landmarks.

mod folder;
mod landmarks;
mod similarity;
mod template;
mod warp;

pub use folder::{AlignOptions, Aligned, Encoding, FAILURES, align_all};
pub use landmarks::LandmarkTable;
pub use similarity::Similarity;
pub use template::Template;
pub use warp::warp;

/// Left eye, right eye, nose, left and right corner of the mouth as seen in the image: (x, y) in pixels.
pub type Points = [[f64; 2]; 5];

#[cfg(test)]
mod tests;
