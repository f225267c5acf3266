//! Which kind of file features lie in.

use std::{fs::File, io::Read, path::Path};

use ficta_core::{Error, Result};

use super::{FeatureTable, list_column};
use crate::{
    pipeline::matrix::Matrix,
    storage::{Tensors, atomic::io_error, npy},
};

/// The kinds of file that features lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// safetensors.
    Tensors,
    /// NumPy's `.npy`.
    Npy,
    /// Parquet with a list column.
    Parquet,
}

impl Kind {
    /// The kind of a file, by what it holds and not by its name.
    ///
    /// # Errors
    /// Reading failed; a file of none of them.
    pub fn of(path: &Path) -> Result<Self> {
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(16).read_to_end(&mut start))
            .map_err(|e| io_error("read", path, &e))?;
        if start.starts_with(npy::MAGIC) {
            return Ok(Self::Npy);
        }
        if start.starts_with(list_column::MAGIC) {
            return Ok(Self::Parquet);
        }
        // A safetensors file begins with a length and a `{`.
        if start.get(8) == Some(&b'{') || path.extension().is_some_and(|e| e == "safetensors") {
            return Ok(Self::Tensors);
        }
        let message = format!("{} is neither safetensors nor .npy nor Parquet", path.display());
        Err(Error::data(message)
            .help("save features with safetensors, numpy.save, or as a list column of a Parquet file"))
    }
}

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
        match Kind::of(path)? {
            Kind::Tensors => Tensors::read(path).map(Self::Tensors),
            Kind::Npy => array(path).map(Self::Features),
            Kind::Parquet => list_column::read(path).map(Self::Features),
        }
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

/// `.npy` `[N,d]`.
fn array(path: &Path) -> Result<FeatureTable> {
    let (data, shape) = npy::read_f32(path)?;
    let name = path.display().to_string();
    let [rows, cols] = shape[..] else {
        return Err(Error::shape(format!("{name}: shape {shape:?}, expected (N, d)")));
    };
    FeatureTable {
        feature: Matrix::new(data, rows, cols)?,
        name,
        ..FeatureTable::default()
    }
    .checked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_that_are_no_features_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let says = |shape: &str, data: &[f32], words: &str| {
            let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
            let mut bytes = [
                npy::MAGIC,
                &[1, 0],
                &(header.len() as u16).to_le_bytes(),
                header.as_bytes(),
            ]
            .concat();
            bytes.extend(data.iter().flat_map(|x| x.to_le_bytes()));
            std::fs::write(&path, bytes).unwrap();
            let error = FeatureTable::read(&path).unwrap_err().to_string();
            assert!(error.contains("x.npy") && error.contains(words), "{error}");
        };
        says("(3,)", &[0.0; 3], "shape [3], expected (N, d)");
        says("(1, 1)", &[f32::NAN], "row 0: NaN in dimension 0");
        says("(0, 3)", &[], "shape [0, 3]");
        says("(2, 3)", &[0.0; 5], "20 bytes of elements do not fill");
        says(
            "(99999999999, 999999999)",
            &[0.0; 5],
            "20 bytes of elements do not fill",
        );
    }
}
