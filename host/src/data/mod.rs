//! Real faces: where they lie, how they are brought to size, and who is held out.

mod config;
pub mod convert;
pub mod folder;
mod natural_order;
pub mod png;
pub mod prepare;
pub mod resize;
pub mod split;

pub use config::{Crop, DataConfig, Size};
pub use folder::{Identity, ImageFolder, Skipped};
pub use prepare::{Prepared, Rgb};
pub use split::Split;
