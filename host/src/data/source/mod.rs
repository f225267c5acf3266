//! Sets of labelled images: one trait, one file a layout.

mod folder;
mod format;
mod image_source;
mod labels;
pub mod limits;
mod lines;
mod mapped;
mod names;
mod offsets;
mod open;
pub mod recordio;

pub(crate) use folder::read as read_image_file;
pub use folder::{EXTENSIONS, FolderSource, Skipped};
pub use format::Format;
pub use image_source::{ImageSource, Landmarks, Partition};
pub use open::open;
pub use recordio::RecordIoSource;
