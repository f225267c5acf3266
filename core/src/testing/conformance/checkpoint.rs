//! A folder for what networks save, removed afterwards.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{Error, Result};

/// A folder of its own below the system's temporary one.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "ficta-conformance-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).map_err(|e| Error::io(format!("{}: {e}", path.display())))?;
        Ok(Self(path))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file that no component wrote.
    pub fn foreign(&self) -> Result<PathBuf> {
        let path = self.file("foreign");
        std::fs::write(
            &path,
            b"this is no checkpoint; it is longer than the header that some formats begin with",
        )?;
        Ok(path)
    }

    /// The first half of a file.
    pub fn cut(&self, whole: &Path) -> Result<PathBuf> {
        let bytes = std::fs::read(whole)?;
        let path = self.file("cut");
        std::fs::write(&path, &bytes[..bytes.len() / 2])?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
