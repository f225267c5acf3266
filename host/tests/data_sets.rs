//! `ficta data inspect | validate | convert | split | stats` as a user calls them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use ficta::data::png;
use serde_json::Value;

/// Five people with four coloured images each, skin-like: more red than blue.
fn faces(folder: &Path) {
    for person in 0..5u64 {
        for image in 0..4u64 {
            let pixels: Vec<u8> = (0..24 * 24u64)
                .flat_map(|i| {
                    let (x, y) = (i % 24, i / 24);
                    let wave = (x * (person + 2) * 7 + y * (image + 3) * 11 + (x * y * (person + 1)) % 31) % 90;
                    [120 + wave as u8, 80 + wave as u8, 40 + wave as u8]
                })
                .collect();
            png::write(&folder.join(format!("p{person}/{image}.png")), &pixels, 24, 24, 3).unwrap();
        }
    }
}

fn ficta(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ficta"))
        .args(["--json", "data"])
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn json(arguments: &[&str], code: i32) -> Value {
    let output = ficta(arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_sound_set_is_inspected_counted_and_valid() {
    let folder = tempfile::tempdir().unwrap();
    faces(folder.path());
    let path = folder.path().to_str().unwrap();
    let seen = json(&["inspect", path], 0);
    assert_eq!(seen["summary"]["images"], 20);
    assert_eq!(seen["summary"]["identities"], 5);
    assert_eq!(seen["summary"]["sizes"]["24x24"], 20);
    assert_eq!(seen["summary"]["channels_look_exchanged"], false);
    assert_eq!(json(&["validate", path], 0)["valid"], true);
    assert_eq!(json(&["stats", path], 0)["pixels"], 20 * 24 * 24);
}

#[test]
fn exchanged_channels_are_suspected() {
    let folder = tempfile::tempdir().unwrap();
    faces(folder.path());
    for entry in fs::read_dir(folder.path()).unwrap() {
        for image in fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = image.unwrap().path();
            let mut rgb = png::read(&path).unwrap();
            rgb.pixels.chunks_exact_mut(3).for_each(|p| p.swap(0, 2));
            png::write(&path, &rgb.pixels, 24, 24, 3).unwrap();
        }
    }
    let seen = json(&["inspect", folder.path().to_str().unwrap()], 0);
    assert_eq!(seen["summary"]["channels_look_exchanged"], true);
}

#[test]
fn what_is_broken_is_listed_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    faces(&set);
    let at = |name: &str| set.join(name);
    fs::write(at("p0/0.png"), "").unwrap();
    let bytes = fs::read(at("p1/0.png")).unwrap();
    fs::write(at("p1/0.png"), &bytes[..bytes.len() / 2]).unwrap();
    fs::copy(at("p2/0.png"), at("p3/0.png")).unwrap();
    png::write(&at("p4/0.png"), &[9; 30 * 20 * 3], 20, 30, 3).unwrap();
    (1..4).for_each(|i| fs::remove_file(at(&format!("p2/{i}.png"))).unwrap());
    let path = set.to_str().unwrap();
    let report = json(&["validate", path], 4);
    for kind in ["empty", "corrupt", "duplicate", "wrong-size", "single-image"] {
        assert_eq!(report["counts"][kind], 1, "{kind}: {report:#}");
    }
    assert!(report["findings"][0]["image"].as_str().unwrap().ends_with("p0/0.png"));
    let allowed = ["empty", "corrupt", "duplicate", "wrong-size", "single-image"].map(|kind| format!("--allow={kind}"));
    let arguments: Vec<&str> = ["validate", path]
        .into_iter()
        .chain(allowed.iter().map(String::as_str))
        .collect();
    assert_eq!(json(&arguments, 0)["valid"], true);

    let out = folder.path().join("out");
    let done = json(
        &["convert", path, out.to_str().unwrap(), "--format=recordio", "--repair"],
        0,
    );
    assert_eq!((&done["images"], &done["left_out"]), (&14.into(), &3.into()));
    let listed = fs::read_to_string(out.join("left-out.csv")).unwrap();
    assert_eq!(listed.lines().count(), 4);
    assert!(listed.contains("p1/0.png") && listed.contains("corrupt"), "{listed}");
    assert_eq!(json(&["inspect", out.to_str().unwrap()], 0)["summary"]["broken"], 0);
    // What stands there is not replaced unasked.
    assert_eq!(
        ficta(&["convert", path, out.to_str().unwrap(), "--repair"])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(fs::read_to_string(out.join("left-out.csv")).unwrap(), listed);
}

#[test]
fn parts_share_no_identity_and_depend_on_the_seed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    faces(&set);
    let path = set.to_str().unwrap();
    let split = |name: &str, seed: &str| {
        let to = folder.path().join(name);
        json(
            &[
                "split",
                path,
                to.to_str().unwrap(),
                "--part=a=0.6",
                "--part=b=rest",
                "--seed",
                seed,
            ],
            0,
        );
        let people = |part: &str| {
            let mut names: Vec<_> = fs::read_dir(to.join(part))
                .unwrap()
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect();
            names.retain(|n| n != "README.md");
            names.sort();
            names
        };
        (people("a"), people("b"))
    };
    let (a, b) = split("one", "1");
    assert_eq!((a.len(), b.len()), (3, 2));
    assert!(a.iter().all(|name| !b.contains(name)));
    assert_eq!(split("again", "1"), (a.clone(), b));
    assert!((2..9).any(|seed| split(&format!("s{seed}"), &seed.to_string()).0 != a));
    let clean = folder.path().join("one/a");
    let report = json(
        &[
            "validate",
            clean.to_str().unwrap(),
            "--against",
            folder.path().join("one/b").to_str().unwrap(),
        ],
        0,
    );
    assert_eq!(report["valid"], true);
    let report = json(&["validate", clean.to_str().unwrap(), "--against", path], 4);
    assert_eq!(report["counts"]["leak"], 12);
}

#[test]
fn what_is_no_set_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.bin");
    fs::write(&file, "x").unwrap();
    for path in [file.as_path(), folder.path(), &folder.path().join("gone")] {
        let output = ficta(&["inspect", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(path.to_str().unwrap()) && said.contains("fix:"), "{said}");
    }
    assert_eq!(ficta(&["fetch", "celeba"]).status.code(), Some(2));
}
