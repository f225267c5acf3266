//! A run of the whole pipeline in its smallest size, on drawn faces.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    command::{self, Finished},
    faces, product, weights,
};

const RUN_FILE: &str = include_str!("smoke.toml");

/// A folder with drawn faces, weights and a run file.
pub struct Smoke {
    folder: TempDir,
}

impl Smoke {
    /// Draws the faces and writes weights and run file into a fresh folder.
    ///
    /// # Panics
    /// Where that cannot be written.
    #[allow(clippy::new_without_default)] // it writes files
    pub fn new() -> Self {
        let smoke = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        faces::draw(&smoke.faces(), 1);
        weights::write(&smoke.weights());
        let quote = |path: PathBuf| path.display().to_string();
        let text = RUN_FILE
            .replace("FACES", &quote(smoke.faces()))
            .replace("WEIGHTS", &quote(smoke.weights()));
        fs::write(smoke.run_file(), text).expect("a run file");
        smoke
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The drawn faces.
    pub fn faces(&self) -> PathBuf {
        self.folder().join("faces")
    }

    /// The encoder's weights.
    pub fn weights(&self) -> PathBuf {
        self.folder().join("weights")
    }

    /// The run file.
    pub fn run_file(&self) -> PathBuf {
        self.folder().join("smoke.toml")
    }

    /// The run folder of calls that name no other.
    pub fn out(&self) -> PathBuf {
        self.folder().join("run")
    }

    /// The call `ficta WHAT smoke.toml --out OUT ...` of a given command.
    pub fn call(&self, executable: &Path, what: &str, out: &Path, more: &[&str]) -> Command {
        let mut call = command::prepare(executable, [what]);
        call.arg(self.run_file()).arg("--out").arg(out).args(more);
        call
    }

    /// Runs into [`Smoke::out`].
    ///
    /// # Panics
    /// Where the command cannot be started.
    #[track_caller]
    pub fn run(&self, more: &[&str]) -> Finished {
        self.run_into(&self.out(), more)
    }

    /// Runs into another run folder.
    ///
    /// # Panics
    /// Where the command cannot be started.
    #[track_caller]
    pub fn run_into(&self, out: &Path, more: &[&str]) -> Finished {
        command::finish(self.call(&product::executable(), "run", out, more))
    }

    /// What `ficta plan --json` says of [`Smoke::out`]: stages in order, and what will become of each.
    ///
    /// # Panics
    /// Where it fails.
    #[track_caller]
    pub fn plan(&self, more: &[&str]) -> Vec<(String, String)> {
        let call = self.call(
            &product::executable(),
            "plan",
            &self.out(),
            &[more, &["--json"]].concat(),
        );
        let plan = command::finish(call).succeeded().json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let stages = plan["stages"].as_array().expect("a list of stages");
        stages.iter().map(|s| (text(&s["stage"]), text(&s["state"]))).collect()
    }

    /// The stages of [`Smoke::plan`] that are not up to date.
    ///
    /// # Panics
    /// Where it fails.
    #[track_caller]
    pub fn stale(&self, more: &[&str]) -> Vec<String> {
        let stages = self.plan(more).into_iter();
        stages
            .filter(|(_, state)| state != "up to date")
            .map(|(stage, _)| stage)
            .collect()
    }
}
