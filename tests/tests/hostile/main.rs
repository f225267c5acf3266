//! Plugins that misbehave: what the host says, how it ends, and that what was finished stays.

mod crashes;
mod hangs;
mod outputs;
mod panics;
mod prints;

use std::{fs, path::Path, sync::OnceLock};

use ficta_tests::{
    command::{self, Finished},
    outside_crate, product,
    records::{Hashes, outputs as finished_outputs},
    smoke::Smoke,
};

/// A folder with the hostile library.
fn plugins() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = outside_crate::build(&product::root().join("tests/libraries/hostile"), &[]);
        fs::copy(&library, folder.path().join(library.file_name().unwrap())).unwrap();
        folder
    });
    folder.path()
}

/// What a component is to misbehave in.
#[derive(Clone, Copy)]
struct Case {
    /// The table of the run file.
    table: &'static str,
    /// The component.
    plugin: &'static str,
    /// The last stage that the run is asked for.
    until: &'static str,
    /// A stage that is finished before the component is called.
    before: &'static str,
}

const SELECTOR: Case = Case {
    table: "ids.fictional.selector",
    plugin: "hostile-selector",
    until: "select/fictional",
    before: "propose/fictional",
};
/// Called by the libtorch backbone, from its library.
const LOSS: Case = Case {
    table: "loss",
    plugin: "hostile-loss",
    until: "train-backbone/fictional",
    before: "statistics",
};
const PROPOSER: Case = Case {
    table: "ids.fictional.proposer",
    plugin: "hostile-proposer",
    until: "propose/fictional",
    before: "statistics",
};
const DENOISER: Case = Case {
    table: "denoiser",
    plugin: "hostile-denoiser",
    until: "train-denoiser",
    before: "statistics",
};
const SAMPLER: Case = Case {
    table: "sampler",
    plugin: "hostile-sampler",
    until: "generate/fictional",
    before: "train-denoiser",
};
const ENCODER: Case = Case {
    table: "encoder",
    plugin: "hostile-encoder",
    until: "encode",
    before: "data",
};

impl Case {
    fn arguments(&self, mode: &str) -> Vec<String> {
        let set = |what: &str, value: &str| format!("{}.{what}={value}", self.table);
        let params = set("params", &format!("{{ mode = \"{mode}\" }}"));
        let folder = plugins().to_str().unwrap();
        let all = [
            "--plugins",
            folder,
            "--until",
            self.until,
            "--set",
            &set("plugin", self.plugin),
            "--set",
            &params,
        ];
        all.map(str::to_owned).to_vec()
    }

    fn call(&self, smoke: &Smoke, mode: &str, more: &[&str]) -> std::process::Command {
        let arguments = self.arguments(mode);
        let arguments: Vec<&str> = arguments
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        smoke.call(&product::executable(), "run", &smoke.out(), &arguments)
    }

    fn run(&self, smoke: &Smoke, mode: &str) -> Finished {
        command::finish(self.call(smoke, mode, &[]))
    }

    /// The outputs of the stages that were finished before the component was called.
    fn finished(&self, smoke: &Smoke) -> Hashes {
        let made = finished_outputs(&smoke.out());
        assert!(
            made.keys().any(|file| file.starts_with(self.before)),
            "{} is not there",
            self.before
        );
        made
    }

    /// After the fault: what was finished is there, and a good component goes on from it without doing it again.
    fn goes_on(&self, smoke: &Smoke) {
        let kept = self.finished(smoke);
        let good = self.run(smoke, "good").succeeded();
        assert!(
            !good.stderr.contains(&format!("{}: done", self.before)),
            "{} ran again\n{good}",
            self.before
        );
        let after = finished_outputs(&smoke.out());
        assert!(
            kept.iter().all(|(file, hash)| after.get(file) == Some(hash)),
            "a finished output has changed"
        );
        assert!(
            after.keys().any(|file| file.starts_with(self.until)),
            "{} is not there",
            self.until
        );
    }
}
