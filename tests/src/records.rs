//! What a run folder holds, by hash.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal by path.
pub type Hashes = BTreeMap<String, String>;

/// SHA-256 of a file in hexadecimal.
///
/// # Panics
/// Where it cannot be read.
#[track_caller]
pub fn hash(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Every file in a folder and below it, by its path in the folder.
///
/// # Panics
/// Where it cannot be read.
pub fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap_or_else(|e| panic!("{}: {e}", at.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .expect("a path in the folder")
                    .to_string_lossy()
                    .into_owned();
                files.insert(name, path);
            }
        }
    }
    files
}

/// The outputs of every finished stage, by `STAGE/FILE`. They are hashed anew, and what `stage.json` says of them must agree: these
/// files and no others, with these bytes.
///
/// # Panics
/// Where a record and the files disagree.
#[track_caller]
pub fn outputs(run: &Path) -> Hashes {
    let mut found = Hashes::new();
    let all = files(run);
    for (name, path) in all
        .iter()
        .filter(|(name, _)| !name.starts_with(".work/") && name.ends_with("stage.json"))
    {
        let folder = name.trim_end_matches("stage.json");
        let record: Value = serde_json::from_slice(&fs::read(path).expect("a record")).expect("a record in JSON");
        assert_eq!(record["id"], folder.trim_end_matches('/'), "{name}");
        let said = record["outputs"].as_object().expect("a list of outputs");
        let there: Hashes = all
            .range(folder.to_owned()..)
            .take_while(|(file, _)| file.starts_with(folder))
            .filter(|(file, _)| *file != name)
            .map(|(file, path)| (file.clone(), hash(path)))
            .collect();
        let said: Hashes = said
            .iter()
            .map(|(file, output)| {
                (
                    format!("{folder}{file}"),
                    output["sha256"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        assert_eq!(there, said, "{}: the record and the files disagree", path.display());
        found.extend(there);
    }
    found
}

/// Everything that a run has left and that later runs may not touch without need: the stages' folders with their records.
///
/// # Panics
/// Where it cannot be read.
pub fn results(run: &Path) -> Hashes {
    let rewritten = |name: &str| name == "config.toml" || name == "plugins.lock" || name.starts_with(".work/");
    files(run)
        .into_iter()
        .filter(|(name, _)| !rewritten(name))
        .map(|(name, path)| (name, hash(&path)))
        .collect()
}

/// The files whose hashes differ, or that are in one only.
pub fn differences(a: &Hashes, b: &Hashes) -> Vec<String> {
    let mut names: Vec<_> = a
        .keys()
        .chain(b.keys())
        .filter(|name| a.get(*name) != b.get(*name))
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    names
}
