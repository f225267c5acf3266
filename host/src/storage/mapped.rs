//! A file that is read where it lies, without copying it into memory.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};
use memmap2::{Advice, Mmap};

use super::atomic::io_error;

/// A file mapped for reading. The system keeps of it in memory what it has room for.
#[derive(Debug)]
pub(crate) struct Mapped {
    path: PathBuf,
    /// None for an empty file, which cannot be mapped.
    map: Option<Mmap>,
}

impl Mapped {
    /// Maps a file.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path; something that is no file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |e: io::Error| io_error("read", path, &e);
        let about = path.metadata().map_err(failed)?;
        if !about.is_file() {
            return Err(Error::data(format!("{} is no file", path.display())));
        }
        let file = File::open(path).map_err(failed)?;
        let map = match about.len() {
            0 => None,
            // SAFETY: the map is only read, and its bytes are plain data for which any value is valid. A set that another process
            // rewrites while it is read gives other bytes, which the parsers check like any others; one that is cut short raises
            // SIGBUS, which ends the process with a message (crash_notice), as other readers of such files end.
            _ => Some(unsafe { Mmap::map(&file) }.map_err(failed)?),
        };
        Ok(Self {
            path: path.to_owned(),
            map,
        })
    }

    /// Tells the system that reading goes from front to back, or that it no longer does.
    pub(crate) fn advise_sequential(&self, sequential: bool) {
        if let Some(map) = &self.map {
            // Only a hint: a system that does not take it loses nothing but speed.
            let _ = map.advise(if sequential { Advice::Sequential } else { Advice::Normal });
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }

    /// An error at a place in the file: `FILE, offset N: REASON`.
    pub(crate) fn error(&self, offset: u64, reason: impl std::fmt::Display) -> Error {
        Error::data(format!("{}, offset {offset}: {reason}", self.path.display()))
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_mapped_and_empty_ones_are_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(Mapped::open(&path).unwrap().bytes(), b"abc");
        std::fs::write(&path, "").unwrap();
        assert_eq!(Mapped::open(&path).unwrap().bytes(), b"");
        assert!(
            Mapped::open(folder.path())
                .unwrap_err()
                .message()
                .ends_with("is no file")
        );
        let error = Mapped::open(&folder.path().join("b")).unwrap_err();
        assert_eq!(error.kind(), ficta_core::ErrorKind::IO);
    }
}
