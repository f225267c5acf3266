//! The Python that measurements compare with: a virtual environment of pinned packages in the per-user cache.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cache, lock, workspace};

/// What the environment holds, as pip takes it.
const PACKAGES: [&str; 3] = ["numpy==2.4.6", "faiss-cpu==1.15.1", "torch==2.11.0"];

/// The interpreter: `$FICTA_BENCH_PYTHON` where set, else the one in the cache, whose packages (2.8 GB) are installed where missing.
pub fn interpreter() -> Result<PathBuf> {
    if let Some(own) = env::var_os("FICTA_BENCH_PYTHON").filter(|own| !own.is_empty()) {
        return Ok(own.into());
    }
    let cache = cache::open()?;
    let folder = cache.join("bench-python");
    let (python, mark) = (folder.join("bin/python"), folder.join("installed"));
    let _lock = lock::acquire(&cache)?;
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    println!("installing {} into {}", PACKAGES.join(", "), folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut environment = workspace::tool("python3");
    run(
        environment.args(["-m", "venv"]).arg(&folder),
        "install python3-venv (Debian, Ubuntu)",
    )?;
    let mut pip = workspace::tool(&python.to_string_lossy());
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--quiet",
    ]);
    run(
        pip.args(PACKAGES),
        "or name an interpreter that has them in FICTA_BENCH_PYTHON",
    )?;
    // Last: an interrupted installation is made anew.
    write(&mark, &wanted)?;
    Ok(python)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn run(command: &mut Command, help: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}; {help}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}; {help}");
    }
    Ok(())
}
