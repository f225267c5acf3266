//! The report's folder appears whole or not at all.

use std::fs;

use super::sample::{drawn, input};
use crate::report::{
    files,
    input::{Charts, Input},
    write,
};

/// The sample with one chart of few points and the figures of one.
fn small() -> Input {
    let mut input = input(&drawn);
    let roc = vec![input.charts.roc[0].clone()];
    input.charts = Charts {
        roc,
        ..Charts::default()
    };
    input.claims.clear();
    input.figures.contact.clear();
    input
}

#[test]
fn a_new_report_takes_the_place_of_the_old() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run").join("report");
    let mut input = small();
    let page = write(&input, &folder).unwrap();
    assert_eq!(page, folder.join("index.html"));
    for (name, bytes) in files(&input).unwrap() {
        assert!(fs::read(folder.join(&name)).unwrap() == bytes, "{name}");
    }
    input.charts.roc.clear();
    write(&input, &folder).unwrap();
    assert!(!folder.join("roc.csv").exists(), "a file of the former report is left");
    let beside: Vec<_> = fs::read_dir(folder.parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["report"], "something is left beside the report");
}

#[test]
fn a_file_in_the_folders_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("report");
    fs::write(&place, "mine").unwrap();
    let e = write(&small(), &place).unwrap_err();
    assert!(e.to_string().contains("a file stands there"), "{e}");
    assert_eq!(fs::read(&place).unwrap(), b"mine");
}
