//! Which layout lies at a path.

use std::path::Path;

use ficta_core::{Error, Result};

use super::{FolderSource, ImageSource};

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
