//! `cargo xtask demo`.

use std::process::{ExitCode, ExitStatus};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{plugins, setup, workspace};

#[derive(clap::Args)]
pub struct Options {
    /// The short run: a first table and report in a few minutes
    #[arg(long)]
    quick: bool,
    /// Change a value of the run file, for example `--set training.steps=100`
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

pub fn command(options: &Options) -> Result<ExitCode> {
    let started = Instant::now();
    let cache = setup::run(&setup::Options::default())?;
    let set_up = started.elapsed();
    println!("building the command and the plugins");
    let built = plugins::build(true)?;
    let build = started.elapsed() - set_up;

    let file = if options.quick {
        "examples/orl/quick.toml"
    } else {
        "examples/orl/run.toml"
    };
    // The plugins were built just now, from these sources: others than those of an earlier demo are meant.
    let mut arguments = vec!["run", file, "--relock"];
    for change in &options.set {
        arguments.extend(["--set", change]);
    }
    let program = built.executable.to_string_lossy();
    println!(
        "{}",
        workspace::shell_line(&[("FICTA_CACHE", &cache)], &program, &arguments)
    );
    let status = workspace::tool(&program)
        .args(&arguments)
        .current_dir(workspace::root())
        // The run files name their data by it.
        .env("FICTA_CACHE", &cache)
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    let run = started.elapsed() - set_up - build;
    println!(
        "set-up {:.1} s, build {:.1} s, run {:.1} s",
        set_up.as_secs_f64(),
        build.as_secs_f64(),
        run.as_secs_f64()
    );
    Ok(ExitCode::from(shell_code(status)))
}

/// The exit code as a shell gives it: 128 and the signal's number for a process that a signal ended.
fn shell_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn exit_codes_and_signals_pass_through() {
        assert_eq!(shell_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(shell_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(shell_code(ExitStatus::from_raw(9)), 137);
    }
}
