//! `cargo xtask bench encoders`: the same network and weights on PyTorch, onnxruntime and ours, one after the other on this machine. It fails
//! where features of the full-size networks differ from PyTorch's.

use anyhow::Result;

use super::{cargo_bench, python};
use crate::steps::Steps;
use crate::workspace;

/// Measures each.
pub fn measure(steps: &mut Steps) -> Result<()> {
    let folder = workspace::target().join("bench-encoders");
    let shown = folder.to_string_lossy();
    python::run(
        steps,
        "iresnet18 and iresnet50 with random weights, and their features in PyTorch",
        "encoders.py",
        &["make", &shown],
    )?;
    python::run(steps, "PyTorch and onnxruntime", "encoders.py", &["measure", &shown])?;
    cargo_bench(steps, "encoders", &[("FICTA_BENCH_FOLDER", &folder)], &[])
}
