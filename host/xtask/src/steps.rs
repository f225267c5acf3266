//! A sequence of checks: each is announced, timed, and the first failure ends it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::workspace;

/// The checks done so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<(String, Duration)>,
    skipped: Vec<String>,
}

/// A program to run as one step, in `folder` with `environment` added.
pub struct Call<'a> {
    pub environment: &'a [(&'a str, &'a Path)],
    pub folder: &'a Path,
    pub program: &'a str,
    pub arguments: &'a [&'a str],
}

impl Call<'_> {
    /// The same for a shell.
    fn line(&self) -> String {
        let line = workspace::shell_line(self.environment, self.program, self.arguments);
        format!(
            "cd {} && {line}",
            workspace::shell_line(&[], &self.folder.to_string_lossy(), &[])
        )
    }

    fn run(&self) -> Result<()> {
        let status = workspace::tool(self.program)
            .args(self.arguments)
            .envs(self.environment.iter().copied())
            .current_dir(self.folder)
            .status()
            .with_context(|| format!("cannot start {}", self.program))?;
        if !status.success() {
            bail!("{} ended with {status}", self.program);
        }
        Ok(())
    }
}

impl Steps {
    /// Runs `call` as the step `name`.
    pub fn call(&mut self, name: &str, call: &Call<'_>) -> Result<()> {
        let line = call.line();
        self.step(name, &line, || call.run())
    }

    /// Runs `work` as the step `name`; `repeat` is the command that repeats it.
    pub fn step<T>(&mut self, name: &str, repeat: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n==> {name}");
        let started = Instant::now();
        let outcome = work();
        let took = started.elapsed();
        println!(
            "<== {name}: {} in {:.1} s",
            if outcome.is_ok() { "passed" } else { "FAILED" },
            took.as_secs_f64()
        );
        let result = outcome.map_err(|error| anyhow!("{name} failed: {error:#}\n  repeat it with: {repeat}"));
        if result.is_ok() {
            self.done.push((name.to_owned(), took));
        } else {
            self.summary();
        }
        result
    }

    /// Has the summary say that something was left out, and why.
    pub fn skip(&mut self, what: &str) {
        println!("SKIPPED {what}");
        self.skipped.push(what.to_owned());
    }

    /// Prints what has passed, and the times, and what was left out.
    pub fn summary(&self) {
        println!("\npassed:");
        for (name, took) in &self.done {
            println!("  {:>7.1} s  {name}", took.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, took)| *took).sum();
        println!("  {:>7.1} s  in all", total.as_secs_f64());
        if !self.skipped.is_empty() {
            println!("skipped:");
        }
        for what in &self.skipped {
            println!("  {what}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_step_and_the_command_to_repeat() {
        let folder = tempfile::tempdir().unwrap();
        let call = Call {
            environment: &[("A", Path::new("b c"))],
            folder: folder.path(),
            program: "false",
            arguments: &["x"],
        };
        let mut steps = Steps::default();
        let message = steps.call("lints", &call).unwrap_err().to_string();
        let expected = format!("repeat it with: cd {} && A='b c' false x", folder.path().display());
        assert!(
            message.starts_with("lints failed: false ended with exit status: 1"),
            "{message}"
        );
        assert!(message.ends_with(&expected), "{message}");
        assert!(steps.done.is_empty());
    }

    #[test]
    fn a_success_is_counted() {
        let call = Call {
            environment: &[],
            folder: Path::new("/"),
            program: "true",
            arguments: &[],
        };
        let mut steps = Steps::default();
        steps.call("nothing", &call).unwrap();
        assert_eq!(steps.done.len(), 1);
    }
}
