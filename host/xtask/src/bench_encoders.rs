//! `cargo xtask bench encoders`.

use std::path::Path;

use anyhow::Result;

use crate::steps::{Call, Steps};
use crate::{apt, cache, workspace};

/// What is measured against, pinned. For measurements only: nothing of the product needs Python's packages.
const PACKAGES: [&str; 4] = ["torch==2.11.0", "onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6"];

/// The same network and weights on PyTorch, onnxruntime and ours, one after the other on this machine.
pub fn run(steps: &mut Steps) -> Result<()> {
    apt::require("python3", "python3-venv")?;
    let root = workspace::root();
    let environment = cache::open()?.join("bench-python");
    let python = environment.join("bin/python");
    let script = root.join("tests/bench/benches/encoders.py");
    // Written last, so that an interrupted installation is done again.
    let installed = environment.join("installed");
    let wanted = PACKAGES.join("\n");
    let [environment, python, script] = [&environment, &python, &script].map(|p| p.to_string_lossy());
    let mut call = |name: &str, program: &str, arguments: &[&str], variables: &[(&str, &Path)]| {
        steps.call(
            name,
            &Call {
                environment: variables,
                folder: &root,
                program,
                arguments,
            },
        )
    };
    if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        call("a Python environment", "python3", &["-m", "venv", &environment], &[])?;
        let install = ["-m", "pip", "install", "--quiet"];
        let arguments: Vec<&str> = install.into_iter().chain(PACKAGES).collect();
        call("PyTorch and onnxruntime (2.7 GB)", &python, &arguments, &[])?;
        std::fs::write(&installed, &wanted)?;
    }
    let folder = workspace::target().join("bench-encoders");
    let text = folder.to_string_lossy();
    call(
        "iresnet50 with random weights",
        &python,
        &["-W", "ignore", &script, "make", &text],
        &[],
    )?;
    call(
        "PyTorch and onnxruntime",
        &python,
        &["-W", "ignore", &script, "measure", &text],
        &[],
    )?;
    let arguments = ["bench", "-p", "ficta-bench", "--bench", "encoders"];
    call("ficta", "cargo", &arguments, &[("FICTA_BENCH_FOLDER", &folder)])
}
