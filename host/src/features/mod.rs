//! Anyone's features: safetensors, NumPy's `.npy`, Parquet with a list column.

mod list_column;
mod npy;
mod source;
mod space;
mod table;

pub use source::Source;
pub use space::{SPACE, check_space, space};
pub use table::FeatureTable;
