//! What is wrong with a set: images that are broken, double or in two sets, labels with gaps.

mod findings;
mod leakage;
mod look;
mod near;
mod perceptual_hash;
mod scan;
mod summary;

pub use findings::{Finding, Kind, Wanted, findings};
pub use leakage::{by_bytes_and_sight, by_cosine};
pub use look::{Fault, Look, look};
pub use near::NearIndex;
pub use perceptual_hash::dhash;
pub use scan::{Chosen, scan};
pub use summary::{Spread, Summary};
