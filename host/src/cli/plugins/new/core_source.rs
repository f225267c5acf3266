//! Where a new crate finds ficta-core.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

/// A folder with its sources, or a version from the registry.
pub enum CoreSource {
    /// Sources.
    Folder(PathBuf),
    /// A version requirement.
    Version(String),
}

impl CoreSource {
    /// What `--core` says; else the sources that this command was built from, where they still are; else its version.
    ///
    /// # Errors
    /// A folder without ficta-core.
    pub fn choose(given: Option<&str>) -> Result<Self> {
        let Some(given) = given else {
            let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
            return Ok(Self::folder(&own).unwrap_or_else(|_| Self::Version(env!("CARGO_PKG_VERSION").into())));
        };
        if given.starts_with(|c: char| c.is_ascii_digit()) && !Path::new(given).exists() {
            return Ok(Self::Version(given.into()));
        }
        Self::folder(Path::new(given))
    }

    fn folder(path: &Path) -> Result<Self> {
        let whole = path.canonicalize().unwrap_or_else(|_| path.into());
        let manifest = std::fs::read_to_string(whole.join("Cargo.toml")).unwrap_or_default();
        if manifest.contains("name = \"ficta-core\"") {
            return Ok(Self::Folder(whole));
        }
        Err(
            Error::config(format!("--core {}: no sources of ficta-core there", path.display()))
                .help("name the folder `core` of a checkout, or a version such as 0.1"),
        )
    }

    /// As a dependency in Cargo.toml says it.
    pub fn requirement(&self) -> String {
        match self {
            Self::Folder(path) => format!("path = {:?}", path.to_string_lossy()),
            Self::Version(version) => format!("version = {version:?}"),
        }
    }
}

impl fmt::Display for CoreSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "from {}", path.display()),
            Self::Version(version) => f.write_str(version),
        }
    }
}
