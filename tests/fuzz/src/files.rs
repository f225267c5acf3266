//! Files for readers that take paths.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

/// A folder of this process that is written anew for every input. `cargo xtask fuzz` puts it into memory (`TMPDIR=/dev/shm`).
pub struct Scratch(PathBuf);

impl Scratch {
    /// The folder of a target, empty.
    pub fn new(target: &str) -> Self {
        let folder = env::temp_dir().join(format!("ficta-fuzz-{target}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a scratch folder");
        Self(folder)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Writes a file, with its folders.
    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a path in the folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
