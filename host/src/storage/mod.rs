//! What is written to disk: whole or not at all, and the same bytes for the same content.

pub mod atomic;
pub mod hash;
pub mod json;
pub(crate) mod mapped;
pub(crate) mod mapped_tensors;
pub mod npy;
mod parquet_file;
mod parquet_footer;
mod parquet_header;
mod parquet_lengths;
mod parquet_pages;
pub(crate) mod parquet_reader;
pub(crate) mod row_tensors;
mod safetensors_file;
pub mod table;
pub mod tensors;
mod thrift_structure;

pub use table::{Column, Table};
pub use tensors::{Stored, Tensor, Tensors, Values};
