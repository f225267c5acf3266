//! Which kind of file features lie in.

use std::{fs::File, io::Read, path::Path};

use ficta_core::{Error, Result};

use super::{FeatureTable, list_column, npy};
use crate::storage::{Tensors, atomic::io_error};

/// A file that was read, by what it is and not by its name.
pub enum Source {
    /// safetensors, which may hold more than features.
    Tensors(Tensors),
    /// `.npy` or Parquet.
    Features(FeatureTable),
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// Reading failed; a file of none of the three kinds; see [`FeatureTable::read`].
    pub fn read(path: &Path) -> Result<Self> {
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(16).read_to_end(&mut start))
            .map_err(|e| io_error("read", path, &e))?;
        if start.starts_with(npy::MAGIC) {
            return npy::read(path).map(Self::Features);
        }
        if start.starts_with(list_column::MAGIC) {
            return list_column::read(path).map(Self::Features);
        }
        // A safetensors file begins with a length and a `{`.
        if start.get(8) == Some(&b'{') || path.extension().is_some_and(|e| e == "safetensors") {
            return Tensors::read(path).map(Self::Tensors);
        }
        let message = format!("{} is neither safetensors nor .npy nor Parquet", path.display());
        Err(Error::data(message)
            .help("save features with safetensors, numpy.save, or as a list column of a Parquet file"))
    }

    /// The features in it.
    ///
    /// # Errors
    /// Tensors without features.
    pub fn features(self) -> Result<FeatureTable> {
        match self {
            Self::Tensors(file) => FeatureTable::of(file),
            Self::Features(table) => Ok(table),
        }
    }
}
