//! Where plugins are looked for.

use std::path::PathBuf;

use ficta_core::Result;

use super::args::PluginFolderArgs;
use crate::registry::Registry;

/// `--plugins`, then `FICTA_PLUGIN_PATH`, then `plugins/` beside the executable where there is one.
fn folders(args: &PluginFolderArgs) -> Vec<PathBuf> {
    let mut all = args.folders.clone();
    if let Some(path) = std::env::var_os("FICTA_PLUGIN_PATH") {
        all.extend(std::env::split_paths(&path).filter(|p| !p.as_os_str().is_empty()));
    }
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.join("plugins")));
    all.extend(beside.filter(|p| p.is_dir()));
    let mut seen = Vec::new();
    all.retain(|p| {
        let real = p.canonicalize().unwrap_or_else(|_| p.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    all
}

/// Everything that a run may name.
///
/// # Errors
/// A folder that cannot be read.
pub fn registry(args: &PluginFolderArgs) -> Result<Registry> {
    let mut registry = Registry::with_built_ins();
    for folder in folders(args) {
        registry.load_folder(&folder)?;
    }
    Ok(registry)
}
