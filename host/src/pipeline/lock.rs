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

type NamedPlugin<'a> = (&'a String, &'a LockedPlugin);

fn change((old, was): NamedPlugin<'_>, (new, is): NamedPlugin<'_>) -> String {
    let digest = |p: &LockedPlugin| format!("{} {:.12}", p.version, p.sha256);
    let from = match old == new {
        true => String::new(),
        false => format!("{old} "),
    };
    let backend = match was.backend == is.backend {
        true => String::new(),
        false => format!(", on `{}` and now `{}`", was.backend, is.backend),
    };
    format!(
        "{new}: was {from}{}, is {}{backend}; the run uses {}",
        digest(was),
        digest(is),
        is.components.join(", ")
    )
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

    /// What of `now` stood here with other bytes, a line a library: a crate whose library is another, and a component that comes from
    /// another crate.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let pairs = self
            .plugins
            .iter()
            .flat_map(|was| now.plugins.iter().map(move |is| (was, is)));
        let concerned = |(was, is): &(NamedPlugin<'_>, NamedPlugin<'_>)| {
            was.1.sha256 != is.1.sha256
                && (was.0 == is.0 || is.1.components.iter().any(|c| was.1.components.contains(c)))
        };
        pairs.filter(concerned).map(|(was, is)| change(was, is)).collect()
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
    /// An unknown component, an unreadable library, two different libraries of one crate's name.
    pub fn of(stages: &[Stage], shared: &[(Kind, ComponentChoice)], registry: &Registry) -> Result<Self> {
        let mut lock = Self {
            ficta: env!("CARGO_PKG_VERSION").into(),
            plugins: BTreeMap::new(),
        };
        let mut hashes: BTreeMap<PathBuf, String> = BTreeMap::new();
        for (kind, choice) in stages.iter().flat_map(Stage::called).chain(shared) {
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
            let sha256 = plugin.sha256.clone();
            let entry = lock.plugins.entry(name.clone()).or_insert(plugin);
            if entry.sha256 != sha256 {
                return Err(two_of_one_crate(&name, &entry.components, &used));
            }
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

/// The lock knows libraries by their crates' names.
fn two_of_one_crate(name: &str, first: &[String], second: &str) -> Error {
    Error::config(format!(
        "two different libraries are built from a crate named `{name}`: the run uses {} of one and {second} of the other",
        first.join(", ")
    ))
    .help("leave one of the plugin folders out, or rename one of the crates (`ficta plugins list --json` shows the files)")
}

#[cfg(test)]
mod tests;
