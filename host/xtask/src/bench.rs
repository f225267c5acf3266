//! `cargo xtask bench`: what belongs into BENCHMARKS.md.

mod python;
mod train;

use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::{Call, Steps};
use crate::workspace;

/// Measurements by name, and the package and target that takes each.
const BENCHES: [(&str, &str); 3] = [
    (
        "calls",
        "what a call through the plugin boundary costs, beside a plain `Box<dyn>`",
    ),
    (
        "losses",
        "each loss on 128 rows and 10,177 classes, beside PyTorch's autograd",
    ),
    (
        "train",
        "images a second of a training step, beside PyTorch on arcface_torch's structure",
    ),
];

#[derive(clap::Args)]
pub struct Options {
    /// Only these: calls, losses, train
    names: Vec<String>,
}

pub fn command(options: &Options) -> Result<()> {
    let known = |name: &String| BENCHES.iter().any(|(known, _)| known == name);
    if let Some(other) = options.names.iter().find(|name| !known(name)) {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!("there is no measurement `{other}`, only {}", names.join(", "));
    }
    let mut steps = Steps::default();
    for (name, what) in BENCHES {
        if !options.names.is_empty() && !options.names.iter().any(|chosen| chosen == name) {
            continue;
        }
        println!("{name}: {what}");
        match name {
            "calls" => calls(&mut steps)?,
            "losses" => losses(&mut steps)?,
            _ => train::measure(&mut steps)?,
        }
    }
    Ok(())
}

/// Runs one of cargo's benches with the library that it opens.
fn cargo_bench(steps: &mut Steps, name: &str, variable: &str, library: &Path) -> Result<()> {
    steps.call(
        name,
        &Call {
            environment: &[(variable, library)],
            folder: &workspace::root(),
            program: "cargo",
            arguments: &["bench", "-p", "ficta-bench", "--bench", name],
        },
    )
}

fn library_file(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

fn calls(steps: &mut Steps) -> Result<()> {
    // The library is built first, in release, as a user's would be.
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
    let library = target.join("release").join(library_file("null_plugin"));
    cargo_bench(steps, "calls", "FICTA_NULL_PLUGIN", &library)
}

fn losses(steps: &mut Steps) -> Result<()> {
    let root = workspace::root();
    steps.call(
        "the losses in release",
        &Call {
            environment: &[],
            folder: &root,
            program: "cargo",
            arguments: &["build", "--release", "-p", "ficta-losses"],
        },
    )?;
    let library = workspace::target().join("release").join(library_file("ficta_losses"));
    cargo_bench(steps, "losses", "FICTA_LOSSES_PLUGIN", &library)?;
    python::run(
        steps,
        "the same in PyTorch",
        &root.join("tests/bench/python/losses.py"),
        &[],
    )
}
