//! `cargo xtask plugins`: builds the command and the plugins, and lays the plugins where the command looks for them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{digest, workspace};

/// Every plugin crate of the workspace.
pub const CRATES: [&str; 7] = [
    "ficta-encoder-candle",
    "ficta-identities",
    "ficta-id-nms",
    "ficta-samplers",
    "ficta-losses",
    "ficta-diffusion-tch",
    "ficta-iresnet-tch",
];

#[derive(clap::Args)]
pub struct Options {
    /// Optimised, into target/release/plugins
    #[arg(long)]
    release: bool,
}

pub fn command(options: &Options) -> Result<()> {
    let started = Instant::now();
    let built = build(options.release)?;
    println!(
        "{} (built in {:.1} s)",
        built.executable.display(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// What a build made.
pub struct Built {
    /// The `ficta` command; `plugins/` beside it holds the plugins.
    pub executable: PathBuf,
}

/// Builds the `ficta` command and all plugins in one go, so that their dependencies are resolved alike.
pub fn build(release: bool) -> Result<Built> {
    let mut cargo = workspace::cargo(&workspace::root());
    cargo
        .args(arguments(release))
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    let mut child = cargo.spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut artifacts = Artifacts::default();
    for line in BufReader::new(output).lines() {
        artifacts.read(&line?);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the build ended with {status}; its own message is above");
    }
    let executable = artifacts.executable.context("cargo named no executable `ficta`")?;
    let folder = executable.with_file_name("plugins");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for library in &artifacts.libraries {
        if place(library, &folder)? {
            println!(
                "placed {}",
                folder.join(library.file_name().unwrap_or_default()).display()
            );
        }
    }
    Ok(Built { executable })
}

/// The arguments of cargo for the build.
pub fn arguments(release: bool) -> Vec<&'static str> {
    let mut arguments = vec!["build"];
    if release {
        arguments.push("--release");
    }
    for name in CRATES.iter().chain(&["ficta"]) {
        arguments.extend(["-p", name]);
    }
    arguments
}

/// The files that cargo reports: its own account holds wherever the target folder is.
#[derive(Default)]
struct Artifacts {
    executable: Option<PathBuf>,
    libraries: Vec<PathBuf>,
}

impl Artifacts {
    fn read(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return;
        };
        if message["reason"] != "compiler-artifact" {
            return;
        }
        if message["target"]["name"] == "ficta" && message["executable"].is_string() {
            self.executable = message["executable"].as_str().map(PathBuf::from);
        }
        let of_a_plugin = message["package_id"].as_str().is_some_and(is_plugin);
        let kinds = message["target"]["kind"].as_array();
        if of_a_plugin && kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib")) {
            let files = message["filenames"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            self.libraries
                .extend(files.map(PathBuf::from).filter(|file| is_library(file)));
        }
    }
}

/// Package ids end in `path+file:///…/samplers#ficta-samplers@0.1.0`.
fn is_plugin(package_id: &str) -> bool {
    let name = package_id
        .rsplit('#')
        .next()
        .unwrap_or("")
        .split('@')
        .next()
        .unwrap_or("");
    CRATES.contains(&name)
}

fn is_library(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == std::env::consts::DLL_EXTENSION)
}

/// Copies `library` into `folder` unless the same bytes are there; says whether it did.
///
/// A copy, not a link: a later test build writes its own variant through the same file.
fn place(library: &Path, folder: &Path) -> Result<bool> {
    let name = library
        .file_name()
        .with_context(|| format!("{} has no name", library.display()))?;
    let target = folder.join(name);
    if target.exists() && digest::of_file(&target)? == digest::of_file(library)? {
        return Ok(false);
    }
    let mut aside = std::ffi::OsString::from(".");
    aside.push(name);
    let aside = folder.join(aside);
    fs::copy(library, &aside)
        .and_then(|_| fs::File::open(&aside)?.sync_all())
        .and_then(|()| fs::rename(&aside, &target))
        .with_context(|| format!("cannot copy {} to {}", library.display(), target.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_crate_of_the_workspace_is_built() {
        let mut found = Vec::new();
        for entry in fs::read_dir(workspace::root().join("plugins")).unwrap() {
            let manifest = fs::read_to_string(entry.unwrap().path().join("Cargo.toml")).unwrap_or_default();
            if manifest.contains("cdylib") {
                let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap();
                found.push(name.trim_matches('"').to_owned());
            }
        }
        let mut named: Vec<_> = CRATES.iter().map(|name| (*name).to_owned()).collect();
        found.sort();
        named.sort();
        assert_eq!(found, named);
    }

    #[test]
    fn artifacts_are_taken_from_cargos_own_account() {
        let mut artifacts = Artifacts::default();
        artifacts.read("warning: not JSON");
        for (id, name, kind, file, executable) in [
            (
                "path+file:///w/plugins/losses#ficta-losses@0.1.0",
                "ficta_losses",
                "cdylib",
                "/t/libficta_losses.so",
                "",
            ),
            (
                "path+file:///w/core#ficta-core@0.1.0",
                "ficta_core",
                "lib",
                "/t/libficta_core.rlib",
                "",
            ),
            ("registry+x#other@1.0.0", "other", "cdylib", "/t/libother.so", ""),
            (
                "path+file:///w/host#ficta@0.1.0",
                "ficta",
                "bin",
                "/t/ficta",
                "/t/ficta",
            ),
        ] {
            let executable = if executable.is_empty() {
                Value::Null
            } else {
                executable.into()
            };
            artifacts.read(
                &serde_json::json!({
                    "reason": "compiler-artifact", "package_id": id, "filenames": [file],
                    "target": {"name": name, "kind": [kind]}, "executable": executable,
                })
                .to_string(),
            );
        }
        assert_eq!(artifacts.executable.as_deref(), Some(Path::new("/t/ficta")));
        assert_eq!(artifacts.libraries, [Path::new("/t/libficta_losses.so")]);
    }

    #[test]
    fn an_unchanged_library_keeps_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("liba.so");
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins).unwrap();
        fs::write(&library, "one").unwrap();
        assert!(place(&library, &plugins).unwrap());
        assert!(!place(&library, &plugins).unwrap());
        fs::write(&library, "two").unwrap();
        assert!(place(&library, &plugins).unwrap());
        assert_eq!(fs::read_to_string(plugins.join("liba.so")).unwrap(), "two");
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1);
    }
}
