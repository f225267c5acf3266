//! Training steps beside PyTorch's: the same network, batch and threads, one after the other.

use std::path::Path;

use anyhow::Result;

use super::python;
use crate::{
    steps::{Call, Steps},
    workspace,
};

/// Parameters of `iresnet`, images a step, measured steps. Steps of 16 images are what fits a small machine, of 128 what arcface_torch takes. On two
/// cores about 20 s for the former and a minute for the latter.
const CASES: [(&str, &str, &str); 8] = [
    (
        r#"{"blocks":[1,1,1,1],"widths":[16,32,64,128,128],"dim":128,"input_size":32,"precision":"f32"}"#,
        "64",
        "30",
    ),
    (r#"{"depth":18,"precision":"f32"}"#, "16", "4"),
    (r#"{"depth":18,"precision":"bf16"}"#, "16", "4"),
    (r#"{"depth":50,"precision":"f32"}"#, "16", "3"),
    (r#"{"depth":50,"precision":"bf16"}"#, "16", "3"),
    (r#"{"depth":18,"precision":"f32"}"#, "128", "3"),
    (r#"{"depth":18,"precision":"bf16"}"#, "128", "3"),
    (r#"{"depth":50,"precision":"bf16"}"#, "128", "2"),
];

/// The loss's share of a step at the paper's number of classes: parameters, images a step, measured steps, classes. A minute and a half on two cores; 128
/// images take 8 GB.
const LOSS_SHARE: (&str, &str, &str, &str) = (r#"{"depth":18,"precision":"f32"}"#, "128", "2", "10177");

/// Measures each case here and in PyTorch, and the loss's share.
pub fn measure(steps: &mut Steps) -> Result<()> {
    let root = workspace::root();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    for (params, batch, count) in CASES {
        println!("\n{params}, {batch} images a step");
        ours(steps, &root, &[params, batch, &threads, count])?;
        python::run(steps, "PyTorch", "train.py", &[params, batch, &threads, count])?;
    }
    let (params, batch, count, classes) = LOSS_SHARE;
    println!("\n{params}, {batch} images a step, {classes} classes: the loss's share");
    ours(steps, &root, &[params, batch, &threads, count, classes])
}

fn ours(steps: &mut Steps, root: &Path, words: &[&str]) -> Result<()> {
    let fixed = "run --quiet --release -p ficta-iresnet-tch --example iresnet_throughput --";
    let arguments: Vec<_> = fixed.split(' ').chain(words.iter().copied()).collect();
    steps.call(
        "ficta",
        &Call {
            environment: &[("OMP_WAIT_POLICY", Path::new("passive"))],
            folder: root,
            program: "cargo",
            arguments: &arguments,
        },
    )
}
