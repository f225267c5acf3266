//! `ficta plugins new`: the crate builds at once, passes its tests, and takes part in a run.

use std::{fs, path::PathBuf, process::Command};

use ficta_tests::{command::ficta, outside_crate, product, smoke::Smoke};
use serde_json::Value;

const KINDS: [&str; 8] = [
    "encoder",
    "proposer",
    "selector",
    "denoiser",
    "sampler",
    "backbone",
    "loss",
    "communicator",
];

/// The crate of this kind, written anew by the command where it has changed, so that what is built stays built.
fn generated(kind: &str) -> PathBuf {
    let name = format!("fresh-{kind}");
    let folder = product::target().join("generated").join(&name);
    let fresh = tempfile::tempdir().unwrap();
    let written = fresh.path().join(&name);
    let said = ficta([
        "plugins",
        "new",
        &name,
        "--kind",
        kind,
        "--path",
        written.to_str().unwrap(),
    ])
    .succeeded();
    assert!(
        said.stdout.contains("cargo test")
            && !said.stdout.contains("note:")
            && said.stdout.contains(&format!("plugin={name}")),
        "{said}"
    );
    for file in ficta_tests::records::files(&written).into_keys() {
        let (from, to) = (written.join(&file), folder.join(&file));
        if fs::read(&from).ok() != fs::read(&to).ok() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&from, &to).unwrap();
        }
    }
    folder
}

/// Conformance, snapshot, and whatever else the crate tests.
fn test(folder: &PathBuf) {
    let output = Command::new(env!("CARGO"))
        .arg("test")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", product::target().join("examples"))
        .env("INSTA_UPDATE", "no")
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}\n{problems}", folder.display());
    assert!(
        said.contains("2 passed") && !problems.contains("warning"),
        "{said}\n{problems}"
    );
}

#[test]
fn end_to_end_new_crates_of_every_kind_pass_their_tests_and_take_part_in_a_run() {
    let libraries = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let folder = generated(kind);
        test(&folder);
        let library = outside_crate::build(&folder, &[]);
        fs::copy(&library, libraries.path().join(library.file_name().unwrap())).unwrap();
    }
    let loss = fs::read_to_string(generated("loss").join("src/lib.rs")).unwrap();
    assert!(loss.lines().count() < 60, "the loss has {} lines", loss.lines().count());

    // One run with all of them: nothing of it is the product's own.
    let smoke = Smoke::new();
    let mut arguments = vec!["--plugins".to_owned(), libraries.path().to_str().unwrap().to_owned()];
    for kind in KINDS {
        let tables = match kind {
            "proposer" | "selector" => vec![format!("ids.fictional.{kind}"), format!("ids.midpoint.{kind}")],
            other => vec![other.to_owned()],
        };
        // The identities of drawn faces are near each other.
        let params = if kind == "selector" {
            "{ threshold = 0.999 }"
        } else {
            "{}"
        };
        for table in tables {
            arguments.extend(["--set".into(), format!("{table}.plugin=fresh-{kind}")]);
            arguments.extend(["--set".into(), format!("{table}.params={params}")]);
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let finished = smoke.run(&arguments).succeeded();
    assert!(finished.stdout.contains("fictional-midpoint"), "{finished}");
    let lock: Value = serde_json::from_slice(&fs::read(smoke.out().join("plugins.lock")).unwrap()).unwrap();
    for kind in KINDS {
        let used = format!("{kind} fresh-{kind}");
        let components = &lock["plugins"][format!("fresh_{kind}")]["components"];
        assert_eq!(components[0], used, "{lock:#}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let new = |name: &str, kind: &str, more: &[&str]| {
        let path = folder.path().join("made");
        let path = path.to_str().unwrap().to_owned();
        ficta([&["plugins", "new", name, "--kind", kind, "--path", &path], more].concat())
    };
    new("ring-loss", "los", &[]).refused(2, &["--kind los", "loss"]);
    new("Ring Loss", "loss", &[]).refused(2, &["cannot be a crate's name", "ring-loss"]);
    new("serde", "loss", &[]).refused(2, &["taken"]);
    new("ring-loss", "loss", &["--core", "nowhere/core"])
        .refused(2, &["--core nowhere/core", "no sources of ficta-core"]);
    assert!(!folder.path().join("made").exists());
    let made = new("ring-loss", "loss", &["--core", "0.1"]).succeeded();
    assert!(
        made.stdout
            .contains("note: Cargo.toml asks cargo's registry for ficta-core 0.1")
            && made.stdout.contains("--core DIR"),
        "{made}"
    );
    let manifest = fs::read_to_string(folder.path().join("made/Cargo.toml")).unwrap();
    assert!(
        manifest.contains("ficta-core = { version = \"0.1\"") && manifest.contains("name = \"ring-loss\""),
        "{manifest}"
    );
    new("other-loss", "loss", &[]).refused(2, &["is there already"]);
    assert_eq!(
        fs::read_to_string(folder.path().join("made/Cargo.toml")).unwrap(),
        manifest
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}
