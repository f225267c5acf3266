//! Labelled faces: the layouts they lie in, how they are checked, written and brought to size, and who is held out.

pub mod align;
pub mod check;
mod config;
pub mod convert;
pub mod decode;
mod jpeg;
pub mod loader;
mod natural_order;
pub mod pack;
pub mod people;
pub mod pickle;
pub mod png;
pub mod prepare;
pub mod resize;
pub mod source;
pub mod split;
pub mod writer;

pub use config::{Crop, DataConfig, Size};
pub use people::People;
pub use prepare::{Prepared, Rgb};
pub use source::ImageSource;
pub use split::Split;
