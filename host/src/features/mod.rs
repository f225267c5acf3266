//! Anyone's features: safetensors, NumPy's `.npy`, Parquet with a list column.

mod list_column;
mod source;
mod space;
mod table;

pub use source::{Kind, Source};
pub use space::{SPACE, check_space, space};
pub use table::{FeatureTable, feature_tensor};
