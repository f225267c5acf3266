//! `stage.json`: what a finished stage was made from and what it left.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::storage::hash;

/// Name of the record in a stage's folder. It is written last: a folder without it is unfinished.
pub const RECORD: &str = "stage.json";

/// What a finished stage was made from and what it left.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct StageRecord {
    /// Stage.
    pub id: String,
    /// Hash of inputs, params, plugins and seed.
    pub fingerprint: String,
    /// Bytes and SHA-256 of each output, by its path in the stage's folder.
    pub outputs: BTreeMap<String, Output>,
}

/// One output file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Output {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

impl StageRecord {
    /// The record of a stage's folder; `None` where there is none or it cannot be read.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(RECORD)).ok()?).ok()
    }

    /// Records every file below `folder`; those are not read whose SHA-256 is in `known`, by their path in it.
    ///
    /// # Errors
    /// Reading failed.
    pub fn of(folder: &Path, id: &str, fingerprint: &str, known: &BTreeMap<String, String>) -> Result<Self> {
        let mut outputs = BTreeMap::new();
        for path in files_below(folder)? {
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            if name == RECORD {
                continue;
            }
            let bytes = std::fs::metadata(&path)
                .map_err(|e| Error::io(format!("{}: {e}", path.display())))?
                .len();
            let sha256 = match known.get(&name) {
                Some(known) => known.clone(),
                None => hash::of_file(&path)?,
            };
            outputs.insert(name, Output { bytes, sha256 });
        }
        Ok(Self {
            id: id.into(),
            fingerprint: fingerprint.into(),
            outputs,
        })
    }

    /// The first output that is missing or has another length.
    pub fn damaged(&self, folder: &Path) -> Option<String> {
        let whole = |(name, out): &(&String, &Output)| {
            std::fs::metadata(folder.join(name)).is_ok_and(|m| m.is_file() && m.len() == out.bytes)
        };
        self.outputs
            .iter()
            .find(|entry| !whole(entry))
            .map(|(name, _)| name.clone())
    }
}

/// Every file below `folder`, in order of path.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        let listing = std::fs::read_dir(&at).map_err(|e| Error::io(format!("{}: {e}", at.display())))?;
        for entry in listing {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_files_are_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("images")).unwrap();
        for name in ["images/a.png", "images/b.png", RECORD] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let known = BTreeMap::from([("images/a.png".to_owned(), "known".to_owned())]);
        let record = StageRecord::of(folder.path(), "generate/x", "print", &known).unwrap();
        let found: Vec<_> = record
            .outputs
            .iter()
            .map(|(name, o)| (&**name, o.bytes, &*o.sha256))
            .collect();
        let hash = hash::of_bytes(b"images/b.png");
        assert_eq!(found, [("images/a.png", 12, "known"), ("images/b.png", 12, &*hash)]);
    }
}
