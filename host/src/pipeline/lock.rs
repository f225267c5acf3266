//! `plugins.lock`: the libraries of a run, by content.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::{Kind, Result};
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{
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
    /// What the stages use.
    ///
    /// # Errors
    /// An unknown component, an unreadable library.
    pub fn of(stages: &[Stage], registry: &Registry) -> Result<Self> {
        let mut lock = Self {
            ficta: env!("CARGO_PKG_VERSION").into(),
            plugins: BTreeMap::new(),
        };
        let mut hashes: BTreeMap<PathBuf, String> = BTreeMap::new();
        for (kind, choice) in stages.iter().flat_map(|s| &s.components) {
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
