//! Downloads by package name and version through the registries' ordinary clients.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{apt, digest, workspace};

/// A file of a Python package, pinned.
pub struct Wheel {
    /// Package and version, as pip takes them: `name==version`.
    pub requirement: &'static str,
    /// The wheel's file name.
    pub file: &'static str,
    /// SHA-256 of the wheel.
    pub sha256: &'static str,
}

/// What fetches packages; replaced by folders of small files in the tests.
pub trait Client {
    /// Puts the wheel into `folder` under its own name.
    fn wheel(&self, wheel: &Wheel, folder: &Path) -> Result<()>;

    /// Puts the package's tarball, `name@version`, into `folder`, and says where.
    fn npm_package(&self, package: &str, folder: &Path) -> Result<PathBuf>;
}

/// The wheel in `folder`, checked; downloaded unless an earlier, interrupted set-up left it there whole.
pub fn checked_wheel(client: &dyn Client, wheel: &Wheel, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(wheel.file);
    if path.exists() {
        if digest::of_file(&path)? == wheel.sha256 {
            println!("  {} is already downloaded", wheel.file);
            return Ok(path);
        }
        fs::remove_file(&path)?;
    }
    client.wheel(wheel, folder).with_context(|| {
        format!(
            "cannot download {}; `cargo xtask setup` goes on from here when run again",
            wheel.requirement
        )
    })?;
    if !path.exists() {
        bail!(
            "pip downloaded another file than {} for {}",
            wheel.file,
            wheel.requirement
        );
    }
    digest::check_download(&path, wheel.sha256, wheel.requirement)?;
    Ok(path)
}

/// pip and npm as they are configured on this machine.
pub struct Registries;

impl Client for Registries {
    fn wheel(&self, wheel: &Wheel, folder: &Path) -> Result<()> {
        apt::require_pip()?;
        let mut pip = workspace::tool("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--disable-pip-version-check",
        ])
        // The wheel is needed once; pip's own cache would keep another copy of it.
        .arg("--no-cache-dir")
        // Whatever Python runs pip, the pinned files are those for 3.11 on x86-64 Linux.
        .args([
            "--python-version",
            "3.11",
            "--implementation",
            "cp",
            "--abi",
            "cp311",
            "--abi",
            "abi3",
            "--abi",
            "none",
        ])
        .args([
            "--platform",
            "manylinux_2_28_x86_64",
            "--platform",
            "manylinux_2_25_x86_64",
        ])
        .args(["--platform", "manylinux2014_x86_64", "--platform", "any"])
        .arg("--dest")
        .arg(folder)
        .arg(wheel.requirement)
        // pip writes to a temporary folder first; here it is deleted with the rest after an interruption.
        .env("TMPDIR", folder);
        finish(&mut pip)
    }

    fn npm_package(&self, package: &str, folder: &Path) -> Result<PathBuf> {
        apt::require("npm", "npm")?;
        let mut npm = workspace::tool("npm");
        npm.args([
            "pack",
            "--ignore-scripts",
            "--no-update-notifier",
            "--loglevel=error",
            package,
        ])
        // An empty folder as working directory: a package.json in the user's must play no part.
        .current_dir(folder)
        .stdout(Stdio::null());
        finish(&mut npm).with_context(|| format!("cannot download {package}"))?;
        let tarball = fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "tgz"));
        tarball.with_context(|| format!("npm pack left no .tgz for {package}"))
    }
}

fn finish(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    if !status.success() {
        bail!("{program} ended with {status}; its own message is above");
    }
    Ok(())
}
