//! `plugins.lock`: a run takes up only the libraries that it was begun with, unless it is told otherwise.

use std::{fs, io::Write, path::Path};

use ficta_tests::{
    command::{self, Finished},
    product,
    records::{hash, outputs},
    smoke::Smoke,
};

/// The command alone, and a folder of its own with the product's plugins.
struct Installed {
    bare: tempfile::TempDir,
    plugins: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let plugins = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(product::plugins()).unwrap() {
            let from = entry.unwrap().path();
            fs::copy(&from, plugins.path().join(from.file_name().unwrap())).unwrap();
        }
        Self {
            bare: product::bare(),
            plugins,
        }
    }

    fn call(&self, smoke: &Smoke, what: &str, more: &[&str]) -> Finished {
        let more = [&["--plugins", self.plugins.path().to_str().unwrap()], more].concat();
        command::finish(smoke.call(&self.bare.path().join("ficta"), what, &smoke.out(), &more))
    }

    /// Other bytes that do the same: what follows the sections of an ELF file is not read.
    fn change(&self, crate_name: &str) -> (String, String) {
        let file = self.plugins.path().join(product::file_name(crate_name));
        let before = hash(&file);
        // A new file: an open library must not change under a process.
        let mut bytes = fs::read(&file).unwrap();
        bytes.write_all(b"built again").unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, bytes).unwrap();
        (before, hash(&file))
    }

    fn lock(&self, smoke: &Smoke) -> Finished {
        let mut call = command::prepare(&self.bare.path().join("ficta"), ["plugins", "lock"]);
        call.arg(smoke.run_file()).arg("--out").arg(smoke.out());
        call.arg("--plugins").arg(self.plugins.path());
        command::finish(call)
    }
}

const UNTIL: [&str; 2] = ["--until", "select/fictional"];

fn locked(out: &Path) -> String {
    fs::read_to_string(out.join("plugins.lock")).unwrap()
}

#[test]
fn end_to_end_a_changed_library_is_refused_until_it_is_accepted() {
    let (installed, smoke) = (Installed::new(), Smoke::new());
    installed.call(&smoke, "run", &UNTIL).succeeded();
    let (made, lock) = (outputs(&smoke.out()), locked(&smoke.out()));

    let (before, after) = installed.change("ficta_id_nms");
    let refused = installed.call(&smoke, "run", &UNTIL);
    let refused = refused.refused(
        2,
        &[
            "plugins.lock",
            "a plugin has changed",
            "ficta_id_nms",
            "selector id-nms",
            "--relock",
        ],
    );
    assert!(
        refused.error().contains(&before[..12]) && refused.error().contains(&after[..12]),
        "{refused}"
    );
    assert_eq!(
        (outputs(&smoke.out()), locked(&smoke.out())),
        (made.clone(), lock.clone()),
        "nothing is lost"
    );

    // Accepting runs what depends on it again, and the same library gives the same selection.
    let accepted = installed
        .call(&smoke, "run", &[&UNTIL[..], &["--relock"]].concat())
        .succeeded();
    assert!(
        accepted.stderr.contains("select/fictional") && !accepted.stderr.contains("encode:"),
        "{accepted}"
    );
    let file = "select/fictional/audit.csv";
    assert_eq!(outputs(&smoke.out())[file], made[file]);
    assert!(locked(&smoke.out()).contains(&after) && !locked(&smoke.out()).contains(&before));
    installed.call(&smoke, "run", &UNTIL).succeeded();
}

#[test]
fn end_to_end_plugins_lock_accepts_what_is_there_and_says_what_changed() {
    let (installed, smoke) = (Installed::new(), Smoke::new());
    installed.call(&smoke, "run", &["--until", "encode"]).succeeded();
    let unchanged = installed.lock(&smoke).succeeded();
    assert!(!unchanged.stdout.contains("was "), "{unchanged}");
    let (before, after) = installed.change("ficta_encoder_candle");
    installed
        .call(&smoke, "run", &["--until", "encode"])
        .refused(2, &["ficta_encoder_candle"]);
    let locked = installed.lock(&smoke).succeeded();
    assert!(
        locked.stdout.contains(&before[..12]) && locked.stdout.contains(&after[..12]),
        "{locked}"
    );
    let next = installed.call(&smoke, "run", &["--until", "encode"]).succeeded();
    assert!(
        next.stderr.contains("encode: "),
        "what depends on it runs again\n{next}"
    );
}

#[test]
fn end_to_end_a_run_keeps_to_its_libraries_also_when_its_first_attempt_failed() {
    let (installed, smoke) = (Installed::new(), Smoke::new());
    // So strict that no candidate survives.
    let strict = "ids.fictional.selector.params={ threshold_real = -1.0, threshold_selected = -1.0 }";
    let strict = [&UNTIL[..], &["--set", strict]].concat();
    installed
        .call(&smoke, "run", &strict)
        .refused(1, &["stage select/fictional", "survives"]);
    let (made, lock) = (outputs(&smoke.out()), locked(&smoke.out()));
    assert!(!made.is_empty(), "the stages before it are finished");

    let (before, after) = installed.change("ficta_identities");
    for arguments in [&strict[..], &UNTIL] {
        let refused = installed.call(&smoke, "run", arguments).refused(
            2,
            &[
                "a plugin has changed",
                "ficta_identities",
                "proposer variance-interpolation",
            ],
        );
        assert!(
            refused.error().contains(&before[..12]) && refused.error().contains(&after[..12]),
            "{refused}"
        );
    }
    assert_eq!(
        (outputs(&smoke.out()), locked(&smoke.out())),
        (made, lock),
        "nothing is lost"
    );
    installed
        .call(&smoke, "run", &[&UNTIL[..], &["--relock"]].concat())
        .succeeded();
}
