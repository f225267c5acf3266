//! `cargo xtask bench`: what belongs into BENCHMARKS.md.

mod encoders;
mod loader;
mod python;
mod train;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::{Call, Steps};
use crate::workspace;

/// A measurement, what it measures, and what takes it.
type Bench = (&'static str, &'static str, fn(&mut Steps, &Options) -> Result<()>);

const BENCHES: [Bench; 7] = [
    (
        "calls",
        "what a call through the plugin boundary costs, beside a plain `Box<dyn>`",
        calls,
    ),
    (
        "encoders",
        "images per second of iresnet50 at 112 px, beside PyTorch and onnxruntime",
        |steps, _| encoders::measure(steps),
    ),
    (
        "evaluate",
        "verification on a set of LFW's size, features given, beside NumPy",
        evaluate,
    ),
    (
        "loader",
        "images a second that reach a training, beside a PyTorch DataLoader; conversion of sets",
        |steps, _| loader::measure(steps),
    ),
    (
        "losses",
        "each loss on 128 rows and 10,177 classes, beside PyTorch's autograd",
        losses,
    ),
    (
        "nms",
        "greedy NMS of identities, beside NumPy, PyTorch and faiss (half an hour; 4 GB of disk; --quick: 4 minutes)",
        nms,
    ),
    (
        "train",
        "images a second of a training step, beside PyTorch on arcface_torch's structure",
        |steps, _| train::measure(steps),
    ),
];

#[derive(clap::Args)]
pub struct Options {
    /// Only these: calls, encoders, evaluate, loader, losses, nms, train
    names: Vec<String>,
    /// nms: 100,000 candidates only
    #[arg(long)]
    quick: bool,
}

pub fn command(options: &Options) -> Result<()> {
    let known = |name: &String| BENCHES.iter().any(|(known, _, _)| known == name);
    if let Some(other) = options.names.iter().find(|name| !known(name)) {
        let names: Vec<_> = BENCHES.iter().map(|(name, _, _)| *name).collect();
        bail!("there is no measurement `{other}`, only {}", names.join(", "));
    }
    let mut steps = Steps::default();
    for (name, what, measure) in BENCHES {
        if options.names.is_empty() || options.names.iter().any(|chosen| chosen == name) {
            println!("{name}: {what}");
            measure(&mut steps, options)?;
        }
    }
    Ok(())
}

fn calls(steps: &mut Steps, _: &Options) -> Result<()> {
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
    cargo_bench(steps, "calls", &[("FICTA_NULL_PLUGIN", &library)], &[])
}

fn evaluate(steps: &mut Steps, _: &Options) -> Result<()> {
    cargo_bench(steps, "evaluate", &[], &[])?;
    python::run(steps, "the same in NumPy", "evaluate.py", &[])
}

fn losses(steps: &mut Steps, _: &Options) -> Result<()> {
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
    cargo_bench(steps, "losses", &[("FICTA_LOSSES_PLUGIN", &library)], &[])?;
    python::run(steps, "the same in PyTorch", "losses.py", &[])
}

fn nms(steps: &mut Steps, options: &Options) -> Result<()> {
    let python = python::interpreter(steps)?;
    let words: &[&str] = if options.quick { &["--", "--quick"] } else { &[] };
    cargo_bench(steps, "nms", &[("FICTA_BENCH_PYTHON", &python)], words)
}

/// Runs one of cargo's benches.
fn cargo_bench(steps: &mut Steps, name: &str, environment: &[(&str, &Path)], words: &[&str]) -> Result<()> {
    let arguments = [&["bench", "-p", "ficta-bench", "--bench", name], words].concat();
    steps.call(
        name,
        &Call {
            environment,
            folder: &workspace::root(),
            program: "cargo",
            arguments: &arguments,
        },
    )
}

fn library_file(name: &str) -> String {
    format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")
}
