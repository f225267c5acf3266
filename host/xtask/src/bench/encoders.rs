//! `cargo xtask bench encoders`: the same network and weights on PyTorch, onnxruntime and ours, one after the other on this machine.

use anyhow::Result;

use super::{cargo_bench, python};
use crate::steps::Steps;
use crate::workspace;

/// Measures each.
pub fn measure(steps: &mut Steps) -> Result<()> {
    let folder = workspace::target().join("bench-encoders");
    let shown = folder.to_string_lossy();
    python::run(steps, "iresnet50 with random weights", "encoders.py", &["make", &shown])?;
    python::run(steps, "PyTorch and onnxruntime", "encoders.py", &["measure", &shown])?;
    cargo_bench(steps, "encoders", &[("FICTA_BENCH_FOLDER", &folder)], &[])
}
