//! Calls of the `ficta` command.

use std::{
    env,
    ffi::OsStr,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::product;

/// A finished call.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The error that it ended with: standard error from `error:` on.
    pub fn error(&self) -> &str {
        self.stderr
            .find("error: ")
            .map_or("", |at| self.stderr[at..].trim_end())
    }

    /// Asserts success.
    ///
    /// # Panics
    /// Where it failed, with everything that it said.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Asserts that it failed with this code and an error that has all of these parts.
    ///
    /// # Panics
    /// Where it did not, with everything that it said.
    #[track_caller]
    pub fn refused(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        for part in parts {
            assert!(self.error().contains(part), "`{part}` is not in the error\n{self}");
        }
        assert!(!self.stderr.contains("panicked"), "{self}");
        self
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// Where it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no JSON: {e}\n{self}"))
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// A call of this command with an environment that says nothing to it.
pub fn prepare(executable: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(executable);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FICTA_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a prepared call to its end.
///
/// # Panics
/// Where it cannot be started.
#[track_caller]
pub fn finish(mut command: Command) -> Finished {
    Finished::new(&command.output().unwrap_or_else(|e| panic!("{command:?}: {e}")))
}

/// Runs the built command to its end.
///
/// # Panics
/// Where it is not built or cannot be started.
#[track_caller]
pub fn ficta(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Finished {
    finish(prepare(&product::executable(), arguments))
}
