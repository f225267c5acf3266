//! `cargo xtask bench`: what belongs into BENCHMARKS.md.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::steps::{Call, Steps};
use crate::workspace;

/// Measurements by name, and the package and target that takes each.
const BENCHES: [(&str, &str); 2] = [
    (
        "calls",
        "what a call through the plugin boundary costs, beside a plain `Box<dyn>`",
    ),
    ("evaluate", "verification on a set of LFW's size, features given"),
];

#[derive(clap::Args)]
pub struct Options {
    /// Only these: calls, evaluate
    names: Vec<String>,
}

pub fn command(options: &Options) -> Result<()> {
    let known = |name: &String| BENCHES.iter().any(|(known, _)| known == name);
    if let Some(other) = options.names.iter().find(|name| !known(name)) {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!("there is no measurement `{other}`, only {}", names.join(", "));
    }
    let root = workspace::root();
    let mut steps = Steps::default();
    for (name, what) in BENCHES {
        if !options.names.is_empty() && !options.names.iter().any(|chosen| chosen == name) {
            continue;
        }
        println!("{name}: {what}");
        let environment = match name {
            "calls" => vec![("FICTA_NULL_PLUGIN", null_plugin(&mut steps)?)],
            _ => Vec::new(),
        };
        let environment: Vec<(&str, &Path)> = environment.iter().map(|(key, path)| (*key, &**path)).collect();
        steps.call(
            name,
            &Call {
                environment: &environment,
                folder: &root,
                program: "cargo",
                arguments: &["bench", "-p", "ficta-bench", "--bench", name],
            },
        )?;
    }
    Ok(())
}

/// A library whose components do nothing, built in release as a user's would be.
fn null_plugin(steps: &mut Steps) -> Result<PathBuf> {
    let target = workspace::target().join("examples");
    steps.call(
        "a plugin that does nothing",
        &Call {
            environment: &[("CARGO_TARGET_DIR", &target)],
            folder: &workspace::root().join("tests/libraries/null"),
            program: "cargo",
            arguments: &["build", "--release"],
        },
    )?;
    Ok(target.join(format!(
        "release/{}null_plugin{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )))
}
