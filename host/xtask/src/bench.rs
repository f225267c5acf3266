//! `cargo xtask bench`: what belongs into BENCHMARKS.md.

mod python;
mod train;

use std::path::Path;

use anyhow::{Result, bail};

use crate::bench_encoders;
use crate::steps::{Call, Steps};
use crate::{bench_python, workspace};

/// A measurement, what it measures, and what takes it.
type Bench = (&'static str, &'static str, fn(&mut Steps, &Options) -> Result<()>);

const BENCHES: [Bench; 4] = [
    (
        "calls",
        "what a call through the plugin boundary costs, beside a plain `Box<dyn>`",
        calls,
    ),
    (
        "nms",
        "greedy NMS of identities, beside NumPy, PyTorch and faiss (an hour; 4 GB of disk; --quick: 5 minutes)",
        nms,
    ),
    (
        "evaluate",
        "verification on a set of LFW's size, features given",
        |steps, _| cargo_bench(steps, "evaluate", &[], &[]),
    ),
    (
        "encoders",
        "images per second of iresnet50 on candle, batch 1 and 16",
        |steps, _| cargo_bench(steps, "encoders", &[], &[]),
/// Measurements by name, and what each takes.
const BENCHES: [(&str, &str); 2] = [
/// Measurements by name, and the package and target that takes each.
const BENCHES: [(&str, &str); 3] = [
    (
        "calls",
        "what a call through the plugin boundary costs, beside a plain `Box<dyn>`",
    ),
    (
        "encoders",
        "images per second of iresnet50 at 112 px, beside PyTorch and onnxruntime",
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
    /// Only these: calls, nms, evaluate, encoders
    /// Only these: calls, encoders
    /// Only these: calls, losses, train
    names: Vec<String>,
    /// nms: 100,000 candidates only, and less patience with the slower ones
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
        println!("{name}: {what}");
        match name {
            "encoders" => bench_encoders::run(&mut steps)?,
            _ => calls(&mut steps)?,
            "calls" => calls(&mut steps)?,
            "losses" => losses(&mut steps)?,
            _ => train::measure(&mut steps)?,
        }
    }
    Ok(())
}

fn calls(steps: &mut Steps, _: &Options) -> Result<()> {
    // The library is built first, in release, as a user's would be.
    let (root, target) = (workspace::root(), workspace::target());
fn calls(steps: &mut Steps) -> Result<()> {
    let root = workspace::root();
    // The library is built first, in release, as a user's would be.
    let library = root.join("tests/libraries/null");
    let target = workspace::target();
    steps.call(
        "a plugin that does nothing",
        &Call {
            environment: &[("CARGO_TARGET_DIR", &target.join("examples"))],
            folder: &root.join("tests/libraries/null"),
            folder: &library,
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
    let file = format!(
        "release/{}null_plugin{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let library = target.join("examples").join(file);
    cargo_bench(steps, "calls", &[("FICTA_NULL_PLUGIN", &library)], &[])
}

fn nms(steps: &mut Steps, options: &Options) -> Result<()> {
    let python = steps.step(
        "the Python to compare with",
        "cargo xtask bench nms",
        bench_python::interpreter,
    )?;
    let words: &[&str] = if options.quick { &["--", "--quick"] } else { &[] };
    cargo_bench(steps, "nms", &[("FICTA_BENCH_PYTHON", &python)], words)
}

fn cargo_bench(steps: &mut Steps, name: &str, environment: &[(&str, &Path)], words: &[&str]) -> Result<()> {
    let arguments = [&["bench", "-p", "ficta-bench", "--bench", name], words].concat();
    let call = Call {
        environment,
        folder: &workspace::root(),
        program: "cargo",
        arguments: &arguments,
    };
    steps.call(name, &call)
    steps.call(
        "calls",
        &Call {
            environment: &[("FICTA_NULL_PLUGIN", &target.join("examples").join(file) as &Path)],
            folder: &root,
            program: "cargo",
            arguments: &["bench", "-p", "ficta-bench", "--bench", "calls"],
        },
    )?;
    Ok(())
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
