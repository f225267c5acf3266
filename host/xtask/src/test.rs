//! `cargo xtask test`: everything that must hold before a change goes in.
//!
//! The tests are built in release. The plugins are needed in release anyway for the end-to-end run, networks are
//! unbearable without optimisation, and on two cores a second build of the third-party crates costs more than optimising
//! our own. `checked.toml` gives our crates debug assertions and overflow checks back. This crate's tests alone are built
//! as it was: its dependencies would change the features of the others', which would then be built once more.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::steps::{Call, Steps};
use crate::{apt, nextest, plugins, setup, workspace};

#[derive(clap::Args)]
pub struct Options {
    /// Leave out the end-to-end runs
    #[arg(long)]
    fast: bool,
}

/// The package with the tests that open the built plugins and run the built command.
const ACROSS_CRATES: &str = "ficta-tests";

/// This crate.
const OWN: &str = env!("CARGO_PKG_NAME");

/// Settings of the release profile under test.
const CHECKED: [&str; 3] = ["--release", "--config", "host/xtask/checked.toml"];

pub fn command(options: &Options) -> Result<()> {
    let root = workspace::root();
    let mut steps = Steps::default();
    let (cache, has_browser) = steps.step("set-up", "cargo xtask setup", || {
        let cache = setup::run(&setup::Options::default())?;
        tracer();
        Ok((cache, browser()))
    })?;
    // What tests cannot do on this machine, a line each.
    let skipped = workspace::target().join("skipped-tests");
    fs::write(&skipped, "").with_context(|| format!("cannot write {}", skipped.display()))?;
    let runner = nextest::runner();
    // Nothing may be skipped for want of what the set-up has just installed.
    let environment = [
        ("FICTA_CACHE", cache.as_path()),
        ("FICTA_REQUIRE_ASSETS", Path::new("1")),
        ("FICTA_REQUIRE_BROWSER", Path::new(if has_browser { "1" } else { "0" })),
        ("FICTA_SKIPPED", skipped.as_path()),
    ];
    let run = |steps: &mut Steps, name: &str, arguments: &[&str]| {
        steps.call(
            name,
            &Call {
                environment: &environment,
                folder: &root,
                program: "cargo",
                arguments,
            },
        )
    };

    run(&mut steps, "formatting", &["fmt", "--all", "--check"])?;
    let lints = [
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    run(&mut steps, "lints", &lints)?;

    run(
        &mut steps,
        "tests of xtask",
        &runner.arguments(&[], &["-p", OWN], options.fast),
    )?;
    let each = ["--workspace", "--exclude", OWN, "--exclude", ACROSS_CRATES];
    run(
        &mut steps,
        "tests of each crate",
        &runner.arguments(&CHECKED, &each, options.fast),
    )?;
    let doctests = [&["test", "--doc"], &CHECKED[..], &each].concat();
    run(&mut steps, "documentation examples", &doctests)?;
    // After the tests of the crates, because those lay a variant of their own of `ficta` into the target folder.
    let build = workspace::shell_line(&[], "cargo", &["xtask", "plugins", "--release"]);
    steps.step("command and plugins", &build, || plugins::build(true))?;
    let across = ["-p", ACROSS_CRATES];
    run(
        &mut steps,
        "tests across crates",
        &runner.arguments(&CHECKED, &across, options.fast),
    )?;

    miri(&mut steps, &root)?;
    documentation(&mut steps, &root)?;
    for plugin in example_plugins(&root)? {
        example(&mut steps, &root, &plugin)?;
    }
    for what in fs::read_to_string(&skipped).unwrap_or_default().lines() {
        steps.skip(what);
    }
    steps.summary();
    Ok(())
}

/// The boundary and the exchange of tensors under Miri, where this machine has it; its tests ran with debug assertions before.
fn miri(steps: &mut Steps, root: &Path) -> Result<()> {
    let there = workspace::tool("cargo")
        .args(["+nightly", "miri", "--version"])
        .output();
    if !there.is_ok_and(|output| output.status.success()) {
        steps.skip(
            "the boundary and DLPack under Miri: there is no nightly toolchain with it (rustup +nightly component add miri)",
        );
        return Ok(());
    }
    let call = Call {
        environment: &[],
        folder: root,
        program: "cargo",
        arguments: &[
            "+nightly",
            "miri",
            "test",
            "-p",
            "ficta-core",
            "--features",
            "dlpack",
            "--test",
            "boundary",
            "--test",
            "dlpack",
        ],
    };
    steps.call("the boundary and DLPack under Miri", &call)
}

fn documentation(steps: &mut Steps, root: &Path) -> Result<()> {
    let call = Call {
        environment: &[("RUSTDOCFLAGS", Path::new("-Dwarnings"))],
        folder: root,
        program: "cargo",
        arguments: &[
            "doc",
            "--release",
            "--no-deps",
            "-p",
            "ficta-core",
            "--features",
            "ficta-core/testing,ficta-core/dlpack",
        ],
    };
    steps.call("documentation", &call)
}

/// Installs strace where it is missing: a test ends runs with it at each rename of a file, and says itself where it cannot.
fn tracer() {
    if let Err(error) = apt::require("strace", "strace") {
        println!("warning: {error:#}");
    }
}

/// Whether there is a browser to look at the report with; its test says itself that it was skipped where there is none.
fn browser() -> bool {
    const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if apt::find_any(&BROWSERS).is_some() {
        return true;
    }
    if let Err(error) = apt::install(&["chromium"], "no Chromium, with which the report is tested") {
        println!("warning: {error:#}\nwarning: the test of the report in a browser will be SKIPPED");
    }
    apt::find_any(&BROWSERS).is_some()
}

/// The folders under `examples/plugins`, each a workspace of its own.
fn example_plugins(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("examples/plugins");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.join("Cargo.toml").is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn example(steps: &mut Steps, root: &Path, folder: &Path) -> Result<()> {
    let target = root.join("target/examples");
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let checks: [(&str, &[&str]); 3] = [
        ("formatting", &["fmt", "--check"]),
        ("lints", &["clippy", "--all-targets", "--", "-D", "warnings"]),
        ("tests", &["test"]),
    ];
    for (check, arguments) in checks {
        let call = Call {
            environment: &[("CARGO_TARGET_DIR", &target)],
            folder,
            program: "cargo",
            arguments,
        };
        steps.call(&format!("example plugin {name}: {check}"), &call)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_under_test_has_the_checked_settings() {
        let root = workspace::root();
        let settings = fs::read_to_string(root.join(CHECKED[2])).unwrap();
        let plugins = fs::read_dir(root.join("plugins"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let folders = ["core", "host", "tests"]
            .map(|folder| root.join(folder))
            .into_iter()
            .chain(plugins);
        let mut crates = 0;
        for manifest in folders
            .map(|folder| folder.join("Cargo.toml"))
            .filter(|path| path.is_file())
        {
            let text = fs::read_to_string(&manifest).unwrap();
            let name = text
                .lines()
                .find_map(|line| line.strip_prefix("name = "))
                .unwrap()
                .trim_matches('"');
            let section =
                format!("[profile.release.package.{name}]\ndebug-assertions = true\noverflow-checks = true\n");
            assert!(settings.contains(&section), "{name} is missing in {}", CHECKED[2]);
            crates += 1;
        }
        assert!(crates > 3);
    }
}
