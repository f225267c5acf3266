//! Sets of labelled images: one trait, one file a layout.

mod archive_path;
pub mod celeba;
mod folder;
mod format;
pub(crate) mod generated;
mod image_source;
mod labels;
pub mod limits;
mod lines;
mod names;
mod offsets;
mod open;
pub mod orl;
mod parquet;
pub mod recordio;
pub mod webdataset;
mod zip_archive;

pub use celeba::CelebASource;
pub(crate) use folder::read as read_image_file;
pub use folder::{EXTENSIONS, FolderSource, Skipped};
pub use format::Format;
pub use generated::GeneratedSource;
pub use image_source::{ImageSource, Landmarks, Partition};
pub use open::{open, open_as};
pub use orl::OrlSource;
pub use parquet::ParquetSource;
pub use recordio::RecordIoSource;
pub use webdataset::WebDatasetSource;
pub use zip_archive::ZipSource;
