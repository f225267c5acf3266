//! The list of files that ends an installed item, and the check against it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::digest;

/// Name of the list inside an item's folder: lines of SHA-256, size in bytes, path.
pub const FILE: &str = ".manifest";

/// Items up to this size are hashed at each check, larger ones only compared by size: a check must stay well under a
/// second.
const HASHED_BYTES: u64 = 32 << 20;

/// One file of an installed item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Path relative to the item's folder, with `/`.
    pub path: String,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// Every listed file is as it was installed.
    Intact,
    /// There is no such folder.
    Missing,
    /// A file differs; the text names it, with expected and got.
    Damaged(String),
}

/// Writes the list into `folder` and syncs it.
pub fn write(folder: &Path, entries: &mut [Entry]) -> Result<()> {
    entries.sort();
    let path = folder.join(FILE);
    let lines: String = entries
        .iter()
        .map(|e| format!("{} {} {}\n", e.sha256, e.size, e.path))
        .collect();
    let mut file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(lines.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Compares `folder` with its list.
pub fn check(folder: &Path) -> Result<State> {
    if !folder.exists() {
        return Ok(State::Missing);
    }
    let Ok(text) = fs::read_to_string(folder.join(FILE)) else {
        return Ok(State::Damaged(format!("{FILE} is missing or unreadable")));
    };
    let Some(entries) = text.lines().map(parse).collect::<Option<Vec<_>>>() else {
        return Ok(State::Damaged(format!("{FILE} is malformed")));
    };
    let hashed = entries.iter().map(|entry| entry.size).sum::<u64>() <= HASHED_BYTES;
    for entry in &entries {
        if let Some(reason) = difference(folder, entry, hashed)? {
            return Ok(State::Damaged(reason));
        }
    }
    Ok(State::Intact)
}

fn difference(folder: &Path, entry: &Entry, hashed: bool) -> Result<Option<String>> {
    let path = folder.join(&entry.path);
    let Ok(found) = fs::metadata(&path) else {
        return Ok(Some(format!("{} is missing", entry.path)));
    };
    if found.len() != entry.size {
        return Ok(Some(format!(
            "{}: expected {} bytes, got {}",
            entry.path,
            entry.size,
            found.len()
        )));
    }
    if hashed {
        let got = digest::of_file(&path)?;
        if got != entry.sha256 {
            return Ok(Some(format!(
                "{}: expected SHA-256 {}, got {got}",
                entry.path, entry.sha256
            )));
        }
    }
    Ok(None)
}

fn parse(line: &str) -> Option<Entry> {
    let mut fields = line.splitn(3, ' ');
    let sha256 = fields.next().filter(|hash| hash.len() == 64)?.to_owned();
    let size = fields.next()?.parse().ok()?;
    Some(Entry {
        path: fields.next()?.to_owned(),
        size,
        sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(content: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.bin");
        fs::write(&path, content).unwrap();
        let sha256 = digest::of_file(&path).unwrap();
        write(
            folder.path(),
            &mut [Entry {
                path: "a b.bin".into(),
                size: content.len() as u64,
                sha256,
            }],
        )
        .unwrap();
        folder
    }

    fn damage(folder: &Path) -> String {
        match check(folder).unwrap() {
            State::Damaged(reason) => reason,
            other => panic!("expected damage, got {other:?}"),
        }
    }

    #[test]
    fn an_untouched_folder_is_intact() {
        assert_eq!(check(item(b"content").path()).unwrap(), State::Intact);
    }

    #[test]
    fn an_absent_folder_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(&folder.path().join("none")).unwrap(), State::Missing);
    }

    #[test]
    fn every_kind_of_damage_is_named() {
        let folder = item(b"content");
        let path = folder.path().join("a b.bin");
        fs::write(&path, "c0ntent").unwrap();
        assert!(damage(folder.path()).starts_with("a b.bin: expected SHA-256"));
        fs::write(&path, "cont").unwrap();
        assert_eq!(damage(folder.path()), "a b.bin: expected 7 bytes, got 4");
        fs::remove_file(&path).unwrap();
        assert_eq!(damage(folder.path()), "a b.bin is missing");
        fs::write(folder.path().join(FILE), "nonsense\n").unwrap();
        assert_eq!(damage(folder.path()), ".manifest is malformed");
        fs::remove_file(folder.path().join(FILE)).unwrap();
        assert_eq!(damage(folder.path()), ".manifest is missing or unreadable");
    }
}
