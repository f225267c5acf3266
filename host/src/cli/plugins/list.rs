//! `ficta plugins list`.

use std::{collections::BTreeSet, path::Path};

use crate::cli::own_stdout::out;
use serde_json::{Value, json};

use super::{as_value, stamp};
use crate::registry::{Entry, Origin, Registry};

pub fn list(registry: &Registry, as_json: bool) {
    if as_json {
        let components: Vec<_> = registry.entries().iter().map(with_origin).collect();
        let rejected: Vec<_> = registry
            .rejected()
            .iter()
            .map(|e| json!({"path": e.path, "reason": e.reason, "fix": e.fix}))
            .collect();
        out!("{:#}", json!({"components": components, "rejected": rejected}));
        return;
    }
    let mut entries: Vec<_> = registry.entries().iter().collect();
    entries.sort_by(|a, b| (a.component.kind, &a.component.name).cmp(&(b.component.kind, &b.component.name)));
    let width = entries.iter().map(|e| e.component.name.len()).max().unwrap_or(0);
    for entry in &entries {
        let c = &entry.component;
        out!("{:12} {:width$}  {}  [{}]", c.kind, c.name, c.summary, entry.origin);
    }
    for (path, version, says) in libraries(registry) {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        out!("{:12} {file} {version}  {says}  {}", "library", path.display());
    }
    if entries.is_empty() {
        out!("no component: --plugins DIR or FICTA_PLUGIN_PATH names folders of plugin libraries");
    }
    for rejected in registry.rejected() {
        out!("rejected     {rejected}");
    }
}

/// The libraries in order of their files: file, version, and what else it says of itself.
fn libraries(registry: &Registry) -> BTreeSet<(&Path, &str, String)> {
    let entries = registry.entries().iter();
    entries
        .filter_map(|entry| match &entry.origin {
            Origin::BuiltIn => None,
            Origin::Library {
                path, version, stamp, ..
            } => Some((path.as_path(), version.as_str(), stamp::line(stamp))),
        })
        .collect()
}

/// A component, its schema, and what its library says of itself.
pub fn with_origin(entry: &Entry) -> Value {
    let mut all = as_value(&entry.component);
    all["origin"] = match &entry.origin {
        Origin::BuiltIn => json!("built in"),
        Origin::Library {
            path, stamp: s, name, ..
        } => {
            let mut says = stamp::as_value(s);
            says["path"] = json!(path);
            says["name"] = json!(name);
            says
        }
    };
    all
}
