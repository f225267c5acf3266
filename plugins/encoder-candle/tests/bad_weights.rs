//! Weights that are missing, damaged or another network's.

mod support;

use std::fs;
use std::path::Path;

use ficta_core::{Error, ErrorKind};
use support::{encode, encoder, synthetic};

fn refused(weights: &Path) -> Error {
    encoder(weights, false).expect_err("these weights are wrong")
}

/// The error for the synthetic weights with a changed manifest and changed data.
fn refused_with(manifest: impl Fn(&str) -> String, data: impl Fn(&mut Vec<u8>)) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = synthetic::data();
    data(&mut bytes);
    synthetic::write(folder.path(), &manifest(synthetic::MANIFEST), &bytes);
    refused(folder.path())
}

fn assert_says(error: &Error, kind: ErrorKind, words: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

fn same(manifest: &str) -> String {
    manifest.to_owned()
}

fn replaced(from: &str, to: &str) -> impl Fn(&str) -> String {
    let (from, to) = (from.to_owned(), to.to_owned());
    move |manifest| {
        assert!(manifest.contains(&from));
        manifest.replacen(&from, &to, 1)
    }
}

#[test]
fn a_missing_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(&folder.path().join("nowhere"));
    assert_says(
        &error,
        ErrorKind::CONFIG,
        &["nowhere", "fix:", "face_recognition_model-weights_manifest.json"],
    );
}

#[test]
fn a_folder_without_a_manifest_and_one_with_two() {
    let folder = tempfile::tempdir().unwrap();
    assert_says(&refused(folder.path()), ErrorKind::CONFIG, &["weights_manifest.json"]);
    for name in ["a-weights_manifest.json", "b-weights_manifest.json"] {
        fs::write(folder.path().join(name), "[]").unwrap();
    }
    assert_says(
        &refused(folder.path()),
        ErrorKind::CONFIG,
        &["2 manifests", "a-weights_manifest.json"],
    );
}

#[test]
fn the_manifest_itself_is_accepted() {
    let folder = synthetic::folder();
    assert!(encoder(&folder.path().join(synthetic::MANIFEST_NAME), false).is_ok());
}

#[test]
fn a_malformed_manifest() {
    let error = refused_with(|m| m[..m.len() / 2].to_owned(), |_| {});
    assert_says(
        &error,
        ErrorKind::DATA,
        &[synthetic::MANIFEST_NAME, "caused by", "fix:"],
    );
    assert_says(
        &refused_with(|_| "{}".into(), |_| {}),
        ErrorKind::DATA,
        &[synthetic::MANIFEST_NAME],
    );
}

#[test]
fn missing_data() {
    let folder = synthetic::folder();
    fs::remove_file(folder.path().join(synthetic::DATA_NAME)).unwrap();
    assert_says(&refused(folder.path()), ErrorKind::IO, &[synthetic::DATA_NAME]);
}

#[test]
fn data_too_short_and_too_long() {
    let short = refused_with(same, |data| data.truncate(data.len() - 1));
    assert_says(&short, ErrorKind::DATA, &["`fc`", "[256, 128]", "fix:"]);
    let long = refused_with(same, |data| data.push(0));
    let bytes = synthetic::data().len();
    assert_says(
        &long,
        ErrorKind::DATA,
        &[&format!("{} bytes", bytes + 1), &format!("take {bytes}")],
    );
}

#[test]
fn a_shape_whose_size_overflows() {
    let error = refused_with(replaced("[7,7,3,32]", "[18446744073709551615,7,3,32]"), |_| {});
    assert_says(&error, ErrorKind::DATA, &["conv32_down/conv/filters"]);
}

#[test]
fn another_networks_tensors() {
    let missing = refused_with(replaced("\"conv64_1/conv1/conv/bias\"", "\"other\""), |_| {});
    assert_says(&missing, ErrorKind::DATA, &["no tensor `conv64_1/conv1/conv/bias`"]);
    let shaped = refused_with(replaced("[7,7,3,32]", "[3,7,7,32]"), |_| {});
    assert_says(&shaped, ErrorKind::DATA, &["[3, 7, 7, 32]", "expected [7, 7, 3, 32]"]);
    let extra = replaced(
        "{\"name\":\"fc\"",
        "{\"name\":\"more\",\"shape\":[0],\"dtype\":\"float32\"},{\"name\":\"fc\"",
    );
    assert_says(
        &refused_with(extra, |_| {}),
        ErrorKind::DATA,
        &["`more`", "do not belong"],
    );
    let twice = refused_with(
        replaced("\"conv32_down/scale/biases\"", "\"conv32_down/conv/bias\""),
        |_| {},
    );
    assert_says(&twice, ErrorKind::DATA, &["two tensors", "conv32_down/conv/bias"]);
}

#[test]
fn types_that_cannot_be_read() {
    let error = refused_with(replaced("\"dtype\":\"uint8\"", "\"dtype\":\"uint16\""), |_| {});
    assert_says(&error, ErrorKind::UNSUPPORTED, &["conv32_down/conv/filters", "uint16"]);
}

#[test]
fn values_that_are_not_finite() {
    // The first tensor that is stored as f32 begins here.
    let manifest: serde_json::Value = serde_json::from_str(synthetic::MANIFEST).unwrap();
    let before: u64 = manifest[0]["weights"]
        .as_array()
        .unwrap()
        .iter()
        .take_while(|entry| entry.get("quantization").is_some())
        .flat_map(|entry| {
            entry["shape"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| d.as_u64().unwrap())
                .reduce(|a, b| a * b)
        })
        .sum();
    let at = before as usize;
    let error = refused_with(same, |data| data[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert_says(
        &error,
        ErrorKind::DATA,
        &["conv64_down/conv1/conv/filters", "not finite"],
    );
}

#[test]
fn features_that_overflow() {
    let mut manifest: serde_json::Value = serde_json::from_str(synthetic::MANIFEST).unwrap();
    let fc = manifest[0]["weights"].as_array_mut().unwrap().last_mut().unwrap();
    assert_eq!(fc["name"], "fc");
    fc["quantization"]["scale"] = 1e36.into();
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), &manifest.to_string(), &synthetic::data());
    let mut encoder = encoder(folder.path(), false).unwrap();
    let error = encode(&mut encoder, &[200; 2 * 2 * 3], [2, 2], 1).unwrap_err();
    assert_says(&error, ErrorKind::DATA, &["image 0 of 1", "not finite"]);
}

#[test]
fn a_path_that_leaves_the_folder() {
    for path in ["../synthetic.bin", "/synthetic.bin", "a/synthetic.bin", "..", ""] {
        let error = refused_with(replaced("\"synthetic.bin\"", &format!("\"{path}\"")), |_| {});
        assert_says(&error, ErrorKind::DATA, &["no plain file name"]);
    }
}
