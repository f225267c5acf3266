//! Programs of the system: found on the PATH, or installed with apt where that is allowed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Makes sure that `program` is on the PATH; its Debian package is `package`.
pub fn require(program: &str, package: &str) -> Result<()> {
    if find(program).is_some() {
        return Ok(());
    }
    install(&[package], &format!("{program} is missing"))?;
    find(program)
        .map(|_| ())
        .with_context(|| format!("apt installed {package}, but {program} is still not on the PATH"))
}

/// Makes sure that `python3 -m pip` works.
pub fn require_pip() -> Result<()> {
    let works = || {
        let mut pip = workspace::tool("python3");
        pip.args(["-m", "pip", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        pip.status().is_ok_and(|status| status.success())
    };
    if works() {
        return Ok(());
    }
    install(&["python3", "python3-pip"], "`python3 -m pip` does not work")?;
    if !works() {
        bail!(
            "apt installed python3-pip, but `python3 -m pip` still does not work; is another python3 first on the PATH?"
        );
    }
    Ok(())
}

/// The first of `programs` that is on the PATH.
pub fn find_any(programs: &[&str]) -> Option<PathBuf> {
    programs.iter().find_map(|program| find(program))
}

fn find(program: &str) -> Option<PathBuf> {
    find_in(&env::var_os("PATH")?, program)
}

fn find_in(path: &std::ffi::OsStr, program: &str) -> Option<PathBuf> {
    env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Installs Debian packages where this process may; otherwise the error holds the command for the user.
pub fn install(packages: &[&str], reason: &str) -> Result<()> {
    if find("apt-get").is_none() {
        bail!(
            "{reason}; install it with this system's package manager (on Debian: {})",
            packages.join(" ")
        );
    }
    if !rustix::process::geteuid().is_root() {
        bail!(
            "{reason}; run\n  sudo apt-get update && sudo apt-get install -y {}",
            packages.join(" ")
        );
    }
    println!("{reason}: apt-get install {}", packages.join(" "));
    apt_get(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("cannot start apt-get")?;
    if !status.success() {
        bail!(
            "`apt-get {}` ended with {status}; its own message is above",
            arguments.join(" ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn programs_are_executable_files_on_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tool");
        fs::write(&file, "").unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let path = env::join_paths([Path::new("/nonexistent"), folder.path()]).unwrap();
        assert_eq!(find_in(&path, "tool"), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_in(&path, "tool"), Some(file));
        assert_eq!(find_in(&path, "folder"), None);
    }
}
