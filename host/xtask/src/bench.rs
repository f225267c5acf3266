//! `cargo xtask bench`: what belongs into BENCHMARKS.md.

use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::{Call, Steps};
use crate::workspace;

/// Measurements by name, and the package and target that takes each.
const BENCHES: [(&str, &str); 1] = [(
    "calls",
    "what a call through the plugin boundary costs, beside a plain `Box<dyn>`",
)];

#[derive(clap::Args)]
pub struct Options {
    /// Only these: calls
    names: Vec<String>,
}

pub fn command(options: &Options) -> Result<()> {
    let known = |name: &String| BENCHES.iter().any(|(known, _)| known == name);
    if let Some(other) = options.names.iter().find(|name| !known(name)) {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!("there is no measurement `{other}`, only {}", names.join(", "));
    }
    let root = workspace::root();
    let mut steps = Steps::default();
    for (name, what) in BENCHES {
        if !options.names.is_empty() && !options.names.iter().any(|chosen| chosen == name) {
            continue;
        }
        println!("{name}: {what}");
        // The library is built first, in release, as a user's would be.
        let library = root.join("tests/libraries/null");
        let target = workspace::target();
        steps.call(
            "a plugin that does nothing",
            &Call {
                environment: &[("CARGO_TARGET_DIR", &target.join("examples"))],
                folder: &library,
                program: "cargo",
                arguments: &["build", "--release"],
            },
        )?;
        let file = format!(
            "release/{}null_plugin{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        steps.call(
            name,
            &Call {
                environment: &[("FICTA_NULL_PLUGIN", &target.join("examples").join(file) as &Path)],
                folder: &root,
                program: "cargo",
                arguments: &["bench", "-p", "ficta-bench", "--bench", name],
            },
        )?;
    }
    Ok(())
}
