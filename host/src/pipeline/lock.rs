//! `plugins.lock`: the libraries of a run, by content.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{
    config::ComponentChoice,
    registry::{Origin, Registry},
    storage::hash,
};

/// One library.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct LockedPlugin {
    /// Crate version.
    pub version: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Numeric library, or empty.
    pub backend: String,
    /// What the run uses of it, as `kind name`.
    pub components: Vec<String>,
}

/// The libraries that a run uses, by crate name. Components that are built in stand under `ficta`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct PluginsLock {
    /// Version of the host.
    pub ficta: String,
    /// Libraries.
    pub plugins: BTreeMap<String, LockedPlugin>,
}

impl PluginsLock {
    /// Its name in a run folder.
    pub const FILE: &str = "plugins.lock";

    /// Reads a lock file; `None` where there is none.
    ///
    /// # Errors
    /// A file that cannot be read, or is no lock.
    pub fn read(file: &Path) -> Result<Option<Self>> {
        if !file.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(file).map_err(|e| Error::io(format!("{}: {e}", file.display())))?;
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| Error::data(format!("{}: {e}", file.display())).help("remove it; the next run writes it anew"))
    }

    /// The libraries of `now` that stood here with other bytes: a line each.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let both = self
            .plugins
            .iter()
            .filter_map(|(name, was)| Some((name, was, now.plugins.get(name)?)));
        both.filter(|(_, was, is)| was.sha256 != is.sha256)
            .map(|(name, was, is)| {
                let digest = |p: &LockedPlugin| format!("{} {:.12}", p.version, p.sha256);
                let backend = match was.backend == is.backend {
                    true => String::new(),
                    false => format!(", on `{}` and now `{}`", was.backend, is.backend),
                };
                format!(
                    "{name}: was {}, is {}{backend}; the run uses {}",
                    digest(was),
                    digest(is),
                    is.components.join(", ")
                )
            })
            .collect()
    }

    /// Refuses libraries that are others than those of an earlier run in this folder.
    ///
    /// # Errors
    /// Those that have changed, with both digests and what the run uses of them.
    pub fn verify(&self, root: &Path) -> Result<()> {
        let file = root.join(Self::FILE);
        let changes = Self::read(&file)?
            .map(|before| before.changes(self))
            .unwrap_or_default();
        if changes.is_empty() {
            return Ok(());
        }
        Err(Error::config(format!(
            "{}: {} changed since the last run\n  {}",
            file.display(),
            match changes.len() {
                1 => "a plugin has".to_owned(),
                n => format!("{n} plugins have"),
            },
            changes.join("\n  ")
        ))
        .help(
            "--relock accepts what is there now, and what depends on it runs again; or bring the earlier library back",
        ))
    }

    /// What the stages use, and what they share.
    ///
    /// # Errors
    /// An unknown component, an unreadable library.
    pub fn of(stages: &[Stage], shared: &[(Kind, ComponentChoice)], registry: &Registry) -> Result<Self> {
        let mut lock = Self {
            ficta: env!("CARGO_PKG_VERSION").into(),
            plugins: BTreeMap::new(),
        };
        let mut hashes: BTreeMap<PathBuf, String> = BTreeMap::new();
        for (kind, choice) in stages.iter().flat_map(|s| &s.components).chain(shared) {
            let (name, plugin) = match &registry.find(*kind, &choice.plugin)?.origin {
                Origin::BuiltIn => {
                    let plugin = LockedPlugin {
                        version: env!("CARGO_PKG_VERSION").into(),
                        sha256: "built in".into(),
                        backend: String::new(),
                        components: Vec::new(),
                    };
                    ("ficta".to_owned(), plugin)
                }
                Origin::Library {
                    path,
                    name,
                    version,
                    backend,
                    ..
                } => {
                    if !hashes.contains_key(path) {
                        hashes.insert(path.clone(), hash::of_file(path)?);
                    }
                    let plugin = LockedPlugin {
                        version: version.clone(),
                        sha256: hashes[path].clone(),
                        backend: backend.clone(),
                        components: Vec::new(),
                    };
                    (name.clone(), plugin)
                }
            };
            let used = format!("{kind} {}", choice.plugin);
            let entry = lock.plugins.entry(name).or_insert(plugin);
            if !entry.components.contains(&used) {
                entry.components.push(used);
                entry.components.sort();
            }
        }
        Ok(lock)
    }

    /// Hash of the library that has this component.
    pub fn hash_of(&self, kind: Kind, name: &str) -> &str {
        let used = format!("{kind} {name}");
        let plugin = self.plugins.values().find(|p| p.components.contains(&used));
        plugin.map_or("", |p| p.sha256.as_str())
    }
}
