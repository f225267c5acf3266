//! Putting the report in its folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::{files::files, input::Input};
use crate::storage::atomic;

/// Writes the report as folder `folder`, in place of what is there, and returns the path of its page.
///
/// # Errors
/// When a picture cannot be encoded or a file cannot be written; the former report is then as it was.
pub fn write(input: &Input, folder: &Path) -> Result<PathBuf> {
    let contents = files(input)?;
    atomic::write_folder(folder, |aside| {
        for (name, bytes) in &contents {
            let path = aside.join(name);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, bytes))
                .map_err(|e| Error::io(format!("cannot write {name} of the report: {e}")))?;
        }
        Ok(())
    })?;
    Ok(folder.join("index.html"))
}
