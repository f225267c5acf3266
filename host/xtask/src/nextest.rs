//! The test runner: cargo-nextest, or `cargo test` where it cannot be had.

use std::process::Stdio;

use crate::workspace;

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// cargo-nextest, with the settings of `.config/nextest.toml`.
    Nextest,
    /// Plain `cargo test`.
    CargoTest,
}

/// cargo-nextest, installed where it is missing.
pub fn runner() -> Runner {
    if is_installed() {
        return Runner::Nextest;
    }
    println!("cargo-nextest is missing: cargo install cargo-nextest --locked");
    let installed = workspace::cargo(&std::env::temp_dir())
        .args(["install", "cargo-nextest", "--locked"])
        .status();
    if installed.is_ok_and(|status| status.success()) && is_installed() {
        return Runner::Nextest;
    }
    println!("warning: cargo-nextest could not be installed; the tests run under `cargo test`, one at a time");
    Runner::CargoTest
}

fn is_installed() -> bool {
    let mut version = workspace::tool("cargo");
    version
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

impl Runner {
    /// The arguments of cargo that run the tests of `packages`, built with `settings`; `fast` leaves out the end-to-end
    /// runs.
    pub fn arguments<'a>(self, settings: &[&'a str], packages: &[&'a str], fast: bool) -> Vec<&'a str> {
        match self {
            Self::Nextest => {
                let profile: &[&str] = if fast { &["--profile", "fast"] } else { &[] };
                [&["nextest", "run"], settings, packages, profile].concat()
            }
            Self::CargoTest => {
                if fast {
                    println!("warning: `cargo test` cannot leave out the end-to-end runs");
                }
                // In one process the tests would share libtorch's threads; one at a time they do not compete.
                let targets = ["--all-targets", "--no-fail-fast"];
                [&["test"], settings, packages, &targets, &["--", "--test-threads=1"]].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_get_the_same_packages_and_settings() {
        let line = |runner: Runner, fast| runner.arguments(&["--release"], &["-p", "x"], fast).join(" ");
        assert_eq!(line(Runner::Nextest, false), "nextest run --release -p x");
        assert_eq!(line(Runner::Nextest, true), "nextest run --release -p x --profile fast");
        let expected = "test --release -p x --all-targets --no-fail-fast -- --test-threads=1";
        assert_eq!(line(Runner::CargoTest, false), expected);
    }
}
