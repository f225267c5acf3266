//! A safetensors file that is read where it lies, tensor by tensor.

use std::{
    fmt,
    ops::{Deref, Range},
    path::Path,
    sync::Arc,
};

use ficta_core::{Error, Result};
use safetensors::{Dtype, SafeTensors};

use super::{mapped::Mapped, safetensors_file, tensors::Tensors};

/// A safetensors file of which single tensors are taken. Nothing of the others comes into memory.
pub(crate) struct MappedTensors(Arc<Mapped>);

/// The bytes of a tensor, where they lie in their file.
#[derive(Clone)]
pub(crate) struct MappedBytes {
    file: Arc<Mapped>,
    range: Range<usize>,
}

impl MappedTensors {
    /// Maps a file and checks its header.
    ///
    /// # Errors
    /// As for [`Tensors::read`].
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = Mapped::open(path)?;
        safetensors_file::parse(path, file.bytes())?;
        Ok(Self(Arc::new(file)))
    }

    /// Copies those tensors of `names` that are there.
    ///
    /// # Errors
    /// An element type that is not stored.
    pub(crate) fn copied(&self, names: &[&str]) -> Result<Tensors> {
        let path = self.0.path();
        let file = safetensors_file::parse(path, self.0.bytes())?;
        let chosen = file.iter().filter(|(name, _)| names.contains(name));
        safetensors_file::copied(path, chosen)
    }

    /// The elements of a tensor of u8 and its extents, outermost first.
    ///
    /// # Errors
    /// No tensor of that name; another element type; another number of dimensions.
    pub(crate) fn bytes<const N: usize>(&self, name: &str) -> Result<(MappedBytes, [usize; N])> {
        let (path, bytes) = (self.0.path(), self.0.bytes());
        let shown = path.display();
        let (header, about) =
            SafeTensors::read_metadata(bytes).map_err(|e| safetensors_file::unreadable(path, bytes, &e))?;
        let Some(info) = about.info(name) else {
            let mut there: Vec<_> = about.tensors().into_keys().collect();
            there.sort_unstable();
            let there = there.join(", ");
            return Err(Error::data(format!("{shown}: no tensor `{name}`; it holds {there}")));
        };
        let (Dtype::U8, Ok(shape)) = (info.dtype, <[usize; N]>::try_from(&info.shape[..])) else {
            return Err(Error::shape(format!(
                "{shown}: tensor `{name}`: expected U8 with {N} dimensions, got {} {:?}",
                info.dtype, info.shape
            )));
        };
        // Behind the length of the header and the header. That they lie in the file was checked with the header.
        let (start, end) = info.data_offsets;
        let bytes = MappedBytes {
            file: self.0.clone(),
            range: 8 + header + start..8 + header + end,
        };
        Ok((bytes, shape))
    }
}

impl Deref for MappedBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.file.bytes()[self.range.clone()]
    }
}

impl fmt::Debug for MappedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, bytes {:?}", self.file.path().display(), self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_those_of_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let mut tensors = Tensors::new();
        tensors.insert("label", &[2], vec![7i64, -1]).unwrap();
        tensors.insert("full", &[2, 2], vec![1u8, 2, 3, 4]).unwrap();
        tensors.insert("small", &[1, 3], vec![250u8, 251, 252]).unwrap();
        tensors.insert("empty", &[0, 3], Vec::<u8>::new()).unwrap();
        tensors.write(&path).unwrap();
        let file = MappedTensors::open(&path).unwrap();
        for (name, shape, expected) in [
            ("full", [2, 2], &[1u8, 2, 3, 4][..]),
            ("small", [1, 3], &[250, 251, 252]),
        ] {
            let (bytes, found) = file.bytes::<2>(name).unwrap();
            assert_eq!((&*bytes, found), (expected, shape), "{name}");
        }
        assert!(file.bytes::<2>("empty").unwrap().0.is_empty());
        let copied = file.copied(&["label", "nothing"]).unwrap();
        assert_eq!(copied.names().collect::<Vec<_>>(), ["label"]);
        assert_eq!(copied.get::<i64, 1>("label").unwrap().0, [7, -1]);
    }

    #[test]
    fn what_cannot_be_taken_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let mut tensors = Tensors::new();
        tensors.insert("label", &[2], vec![7i64, -1]).unwrap();
        tensors.insert("full", &[2, 2], vec![1u8; 4]).unwrap();
        tensors.write(&path).unwrap();
        let message = |name: &str| {
            let file = MappedTensors::open(&path).unwrap();
            file.bytes::<2>(name).unwrap_err().message().to_owned()
        };
        assert!(message("small").ends_with("a.safetensors: no tensor `small`; it holds full, label"));
        assert!(message("label").ends_with("tensor `label`: expected U8 with 2 dimensions, got I64 [2]"));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let error = MappedTensors::open(&path).err().unwrap();
        assert!(error.message().contains("is truncated"), "{error}");
    }
}
