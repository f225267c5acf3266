//! Libraries that are damaged or no plugins.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ficta_tests::{
    command::{self, Finished},
    product,
};
use serde_json::Value;

/// Lists what the bare command finds in `folder` alone.
fn list(folder: &Path) -> Finished {
    let bare = product::bare();
    let call = command::prepare(&bare.path().join("ficta"), ["plugins", "list", "--json", "--plugins"]);
    let mut call = call;
    call.arg(folder);
    command::finish(call)
}

/// The one rejected library: its reason and its fix.
#[track_caller]
fn rejected(folder: &Path) -> (String, String) {
    let listed = list(folder).succeeded().json();
    let rejected = listed["rejected"].as_array().expect("a list");
    assert_eq!(rejected.len(), 1, "{listed:#}");
    let text = |key: &str| rejected[0][key].as_str().expect("a text").to_owned();
    (text("reason"), text("fix"))
}

fn names(listed: &Value) -> Vec<String> {
    let components = listed["components"].as_array().expect("a list");
    components
        .iter()
        .map(|c| c["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// A folder with the samplers' library, whole, and another one under the losses' name.
fn folder_with(losses: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        product::library("ficta_samplers"),
        folder.path().join(product::file_name("ficta_samplers")),
    )
    .unwrap();
    let file = folder.path().join(product::file_name("ficta_losses"));
    fs::write(&file, losses).unwrap();
    (folder, file)
}

#[test]
fn a_library_that_is_cut_off_is_rejected_and_the_others_go_on() {
    let whole = fs::read(product::library("ficta_losses")).unwrap();
    let (folder, file) = folder_with(&whole);
    assert!(
        names(&list(folder.path()).succeeded().json()).contains(&"cosface".into()),
        "whole, it loads"
    );
    // Cut in the header, among the program's segments, and in the section table at the end.
    for length in [
        0,
        10,
        100,
        5000,
        whole.len() / 10,
        whole.len() / 2,
        whole.len() * 9 / 10,
        whole.len() - 1,
    ] {
        // A new file each time: an open library must not change under a process.
        fs::remove_file(&file).unwrap();
        fs::write(&file, &whole[..length]).unwrap();
        let listed = list(folder.path());
        assert_eq!(
            listed.code,
            Some(0),
            "cut to {length} of {} bytes\n{listed}",
            whole.len()
        );
        let (reason, fix) = rejected(folder.path());
        assert!(
            !reason.is_empty() && fix.contains("whole"),
            "cut to {length}: {reason}; {fix}"
        );
        assert_eq!(
            names(&listed.json()).iter().filter(|n| *n == "ddim").count(),
            1,
            "the others go on"
        );
    }
}

#[test]
fn a_file_that_is_no_library_is_rejected() {
    let (folder, _) =
        folder_with(b"not a library at all, but longer than any header could be; and more of the same, and more");
    let (reason, fix) = rejected(folder.path());
    assert!(
        reason.contains("not an ELF file") && fix.contains("shared library"),
        "{reason}; {fix}"
    );
}

#[test]
fn a_shared_library_that_is_no_plugin_is_rejected() {
    let (folder, file) = folder_with(b"");
    fs::remove_file(&file).unwrap();
    let source = folder.path().join("other.rs");
    fs::write(
        &source,
        "#[unsafe(no_mangle)] pub extern \"C\" fn answer() -> u32 { 42 }",
    )
    .unwrap();
    let built = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "cdylib",
            "--crate-name",
            "other",
            "-o",
        ])
        .args([&file, &source])
        .output()
        .expect("rustc");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let (reason, fix) = rejected(folder.path());
    assert!(
        reason.contains("`ficta_stamp_...`") && fix.contains("export_plugin"),
        "{reason}; {fix}"
    );
}

#[test]
fn a_library_may_bear_any_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        product::library("ficta_losses"),
        folder.path().join(product::file_name("renamed")),
    )
    .unwrap();
    let listed = list(folder.path()).succeeded().json();
    assert_eq!(listed["rejected"], serde_json::json!([]));
    assert!(names(&listed).contains(&"cosface".into()));
}

#[test]
fn a_component_of_a_rejected_library_is_missed_with_a_hint() {
    let smoke = ficta_tests::smoke::Smoke::new();
    let (folder, _) = folder_with(b"broken");
    let bare = product::bare();
    let plugins = folder.path().to_string_lossy().into_owned();
    let call = smoke.call(
        &bare.path().join("ficta"),
        "run",
        &smoke.out(),
        &["--plugins", &plugins],
    );
    let refused = command::finish(call).refused(2, &["ficta plugins list"]);
    assert!(!smoke.out().exists(), "{refused}");
}

#[test]
fn inspecting_a_broken_library_fails_with_reason_and_fix() {
    let (_folder, file) = folder_with(b"broken");
    let refused = command::ficta([&"plugins".into(), &"inspect".into(), &file]);
    refused.refused(2, &["libficta_losses", "not an ELF file", "fix:"]);
}
