//! `cargo xtask bench loader`: the same images through our loader and through PyTorch's, one after the other, with as many threads as workers.

use std::path::Path;

use anyhow::Result;

use super::{cargo_bench, python};
use crate::steps::Steps;
use crate::workspace;

/// Threads here, workers there.
const WORKERS: &str = "2";

/// Measures both.
pub fn measure(steps: &mut Steps) -> Result<()> {
    let folder = workspace::target().join("bench-loader");
    let shown = folder.to_string_lossy();
    python::run(steps, "8,192 images of 112x112", "loader.py", &["make", &shown])?;
    let environment = [
        ("FICTA_BENCH_FOLDER", folder.as_path()),
        ("FICTA_BENCH_THREADS", Path::new(WORKERS)),
    ];
    cargo_bench(steps, "loader", &environment, &[])?;
    python::run(
        steps,
        "a PyTorch DataLoader",
        "loader.py",
        &["measure", &shown, WORKERS],
    )
}
