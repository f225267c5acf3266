//! Which layout lies at a path.

use std::path::{Path, PathBuf};

use ficta_core::{Error, Result};

use super::{FolderSource, ImageSource};
use crate::{data::natural_order, storage::atomic::io_error};

/// Opens the set at `path`, whatever its layout is. Images are not read yet.
///
/// # Errors
/// Nothing there; no known layout; an index that cannot be read, with file, place and reason.
pub fn open(path: &Path) -> Result<Box<dyn ImageSource>> {
    if !path.exists() {
        let error = Error::data(format!("the image folder {} does not exist", path.display()));
        return Err(error.help("check the path; a relative one starts at the folder the command runs in"));
    }
    Ok(Box::new(FolderSource::open(path)?))
}

/// The files in a folder that have this ending, in natural order.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] with the path where listing fails.
pub(super) fn with_ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let failed = |e: std::io::Error| io_error("read", folder, &e);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)) && path.is_file() {
            found.push(path);
        }
    }
    found.sort_by(|a, b| natural_order::compare(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(found)
}
