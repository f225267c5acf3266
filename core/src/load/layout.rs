//! Whether two builds of the contract agree on every type that crosses.

use std::path::Path;

use abi_stable::{StableAbi, abi_stability::abi_checking::check_layout_compatibility, library::LibHeader};

use super::LoadError;
use crate::{Stamp, abi::PluginModuleRef};

/// abi_stable lets a library be *newer* than its user, never older. For a plugin older than this host the question is therefore put
/// with the roles swapped: the plugin's types must be a prefix of ours.
pub(super) fn check(path: &Path, stamp: &Stamp, header: &LibHeader) -> Result<(), LoadError> {
    let ours = <PluginModuleRef as StableAbi>::LAYOUT;
    let theirs = header
        .layout()
        .ok_or_else(|| failed(path, "the plugin carries no layout".into()))?;
    let (user, library) = if stamp.api_minor < Stamp::API_MINOR {
        (theirs, ours)
    } else {
        (ours, theirs)
    };
    check_layout_compatibility(user, library).map_err(|e| failed(path, e.to_string()))
}

fn failed(path: &Path, report: String) -> LoadError {
    let count = report.lines().filter(|l| l.trim_end().ends_with("error(s).")).count();
    let first = report
        .lines()
        .map(str::trim)
        .find(|l| l.starts_with("Error:"))
        .unwrap_or("see the report");
    LoadError {
        layout: Some(report.clone()),
        ..LoadError::new(
            path,
            format!("the API numbers agree, but the types do not ({count} differences; first: {first})"),
            "rebuild the plugin with the ficta-core of this host; `ficta plugins inspect --layout` shows the whole report",
        )
    }
}
