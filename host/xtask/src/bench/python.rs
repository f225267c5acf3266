//! Python programs that measurements are taken beside, in a virtual environment that nothing else uses.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    cache,
    steps::{Call, Steps},
};

/// What the programs import. The same libtorch as ours, so that what differs is what is around it.
const REQUIREMENTS: [&str; 2] = ["torch==2.11.0", "numpy"];

/// The environment's interpreter; `$FICTA_BENCH_PYTHON` where it is set, else made in the cache where it is missing (3 GB).
fn interpreter(steps: &mut Steps) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("FICTA_BENCH_PYTHON") {
        return Ok(given.into());
    }
    let folder = cache::open()?.join("bench-python");
    let python = folder.join("bin/python");
    let marker = folder.join("complete");
    if marker.exists() {
        return Ok(python);
    }
    let shown = folder.to_string_lossy();
    steps.call(
        "a virtual environment",
        &Call {
            environment: &[],
            folder: Path::new("."),
            program: "python3",
            arguments: &["-m", "venv", &shown],
        },
    )?;
    let pip = folder.join("bin/pip").to_string_lossy().into_owned();
    steps.call(
        "PyTorch for comparison",
        &Call {
            environment: &[],
            folder: Path::new("."),
            program: &pip,
            arguments: &["install", "--quiet", REQUIREMENTS[0], REQUIREMENTS[1]],
        },
    )?;
    std::fs::write(&marker, "")?;
    Ok(python)
}

/// Runs a program.
pub fn run(steps: &mut Steps, what: &str, program: &Path, arguments: &[&str]) -> Result<()> {
    let python = interpreter(steps)?.to_string_lossy().into_owned();
    let program = program.to_string_lossy();
    let all: Vec<&str> = std::iter::once(program.as_ref())
        .chain(arguments.iter().copied())
        .collect();
    steps.call(
        what,
        &Call {
            environment: &[("OMP_WAIT_POLICY", Path::new("passive"))],
            folder: Path::new("."),
            program: &python,
            arguments: &all,
        },
    )
}
