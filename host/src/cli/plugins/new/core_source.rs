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
    /// What `--core` says; else the sources that this command was built from, where they still are, or those of the checkout that it lies in; else its
    /// version.
    ///
    /// # Errors
    /// A folder without ficta-core.
    pub fn choose(given: Option<&str>) -> Result<Self> {
        let Some(given) = given else {
            let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
            let own = std::env::current_exe().unwrap_or_default();
            let around = own.ancestors().skip(1).map(|folder| folder.join("core"));
            return Ok(Self::nearest(std::iter::once(built_from).chain(around)));
        };
        if given.starts_with(|c: char| c.is_ascii_digit()) && !Path::new(given).exists() {
            return Ok(Self::Version(given.into()));
        }
        Self::folder(Path::new(given))
    }

    /// The first of these folders that has the sources; else this command's version.
    fn nearest(folders: impl Iterator<Item = PathBuf>) -> Self {
        let found = folders.into_iter().find_map(|folder| Self::folder(&folder).ok());
        found.unwrap_or_else(|| Self::Version(env!("CARGO_PKG_VERSION").into()))
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

    /// What to know before the first build; nothing where the sources are there.
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            Self::Version(version) => Some(format!(
                "note: Cargo.toml asks cargo's registry for ficta-core {version}. Where it has none, write the crate anew with --core DIR, DIR being the folder \
                 `core` of a checkout of ficta {}, or name that folder in Cargo.toml: ficta-core = {{ path = \"DIR\" }}, in both tables of dependencies",
                env!("CARGO_PKG_VERSION")
            )),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_sources_the_version_is_named_and_the_user_is_told() {
        let none = CoreSource::nearest([PathBuf::from("nowhere/core"), "/nowhere".into()].into_iter());
        assert_eq!(
            none.requirement(),
            concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"")
        );
        let note = none.note().unwrap();
        assert!(
            note.contains("--core DIR") && note.contains(env!("CARGO_PKG_VERSION")),
            "{note}"
        );
    }

    #[test]
    fn sources_are_taken_from_the_first_folder_that_has_them() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
        let found = CoreSource::nearest(["nowhere".into(), own.clone()].into_iter());
        let whole = own.canonicalize().unwrap();
        assert_eq!(found.requirement(), format!("path = {:?}", whole.to_string_lossy()));
        assert_eq!(found.note(), None);
    }
}
