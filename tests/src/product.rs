//! Where the built product lies.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// The root of the workspace.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("tests/ lies in the workspace").to_owned()
}

/// Cargo's target folder: `CARGO_TARGET_DIR` (relative to the workspace), else `target` in the workspace.
pub fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The `ficta` command.
///
/// # Panics
/// Where it has not been built.
pub fn executable() -> PathBuf {
    built(
        target()
            .join("release")
            .join(format!("ficta{}", env::consts::EXE_SUFFIX)),
    )
}

/// The folder of the built plugins.
///
/// # Panics
/// Where they have not been built.
pub fn plugins() -> PathBuf {
    built(target().join("release/plugins"))
}

/// The library of a plugin crate, given as `ficta_losses`.
///
/// # Panics
/// Where it has not been built.
pub fn library(crate_name: &str) -> PathBuf {
    built(plugins().join(file_name(crate_name)))
}

/// `ficta_losses` as a file name: `libficta_losses.so`.
pub fn file_name(crate_name: &str) -> String {
    format!("{}{crate_name}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX)
}

fn built(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask plugins --release` first",
        path.display()
    );
    path
}

/// A copy of the command alone in a folder, without `plugins/` beside it.
///
/// # Panics
/// Where the copy cannot be made.
pub fn bare() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let from = executable();
    let to = folder.path().join(from.file_name().expect("the command has a name"));
    if fs::hard_link(&from, &to).is_err() {
        fs::copy(&from, &to).expect("a copy of the command");
    }
    folder
}
