//! The Python programs that measurements are taken beside (tests/bench/python), and the virtual environment that they run in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::steps::{Call, Steps};
use crate::{apt, cache, lock, workspace};

/// What the environment holds, as pip takes it. The same libtorch as ours, so that what differs is what is around it.
const PACKAGES: [&str; 7] = [
    "numpy==2.4.6",
    "torch==2.11.0",
    "faiss-cpu==1.15.1",
    "onnx==1.23.2",
    "onnxruntime==1.32.0",
    "pillow==13.0.0",
    "opencv-python-headless==5.0.0.93",
];

/// The interpreter: `$FICTA_BENCH_PYTHON` where set, else the one in the cache, whose packages (3 GB) are installed where missing.
pub fn interpreter(steps: &mut Steps) -> Result<PathBuf> {
    if let Some(own) = std::env::var_os("FICTA_BENCH_PYTHON").filter(|own| !own.is_empty()) {
        return Ok(own.into());
    }
    let cache = cache::open()?;
    let folder = cache.join("bench-python");
    let (python, mark) = (folder.join("bin/python"), folder.join("installed"));
    let _lock = lock::acquire(&cache)?;
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    apt::require("python3", "python3-venv")?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let [shown_folder, shown_python] = [&folder, &python].map(|path| path.to_string_lossy());
    let mut call = |what: &str, program: &str, arguments: &[&str]| {
        steps.call(
            what,
            &Call {
                environment: &[],
                folder: &workspace::root(),
                program,
                arguments,
            },
        )
    };
    call("a Python environment", "python3", &["-m", "venv", &shown_folder])?;
    let install = [
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--quiet",
    ];
    call(
        "NumPy, PyTorch, faiss, onnxruntime, Pillow and OpenCV (3 GB)",
        &shown_python,
        &[&install[..], &PACKAGES].concat(),
    )?;
    // Last: an interrupted installation is made anew.
    std::fs::write(&mark, &wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(python)
}

/// Runs a program of tests/bench/python.
pub fn run(steps: &mut Steps, what: &str, program: &str, arguments: &[&str]) -> Result<()> {
    let python = interpreter(steps)?.to_string_lossy().into_owned();
    let root = workspace::root();
    let program = root.join("tests/bench/python").join(program);
    let program = program.to_string_lossy();
    steps.call(
        what,
        &Call {
            environment: &[
                ("OMP_WAIT_POLICY", Path::new("passive")),
                ("PYTHONWARNINGS", Path::new("ignore")),
            ],
            folder: &root,
            program: &python,
            arguments: &[&[program.as_ref()], arguments].concat(),
        },
    )
}
