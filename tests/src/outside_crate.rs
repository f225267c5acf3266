//! Crates outside the workspace, built as their authors would.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::product;

/// Builds a crate in its own workspace, with further arguments of `cargo build`, and gives its library.
///
/// # Panics
/// Where it does not build.
pub fn build(folder: &Path, more: &[&str]) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(more)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", product::target().join("examples"))
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let messages = String::from_utf8_lossy(&output.stdout);
    let own = folder.join("Cargo.toml");
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            message["manifest_path"]
                .as_str()
                .is_some_and(|path| Path::new(path) == own)
        })
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .find(|file| file.to_string_lossy().ends_with(std::env::consts::DLL_SUFFIX))
        .unwrap_or_else(|| panic!("{} made no shared library", folder.display()))
}
