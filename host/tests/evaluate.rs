//! `ficta evaluate`, `data make-pairs` and `data align`, as a user calls them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use ficta::{
    data::{pack, png},
    storage::{Tensors, npy},
};
use parquet::{data_type::FloatType, file::writer::SerializedFileWriter, schema::parser::parse_message_type};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn ficta(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ficta"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A pack with the answers of the fixture and features of its images.
fn with_pack() -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let expected: Value = serde_json::from_slice(&fs::read(fixture("evaluation.json")).unwrap()).unwrap();
    let same: Vec<bool> = expected["same"].as_array().unwrap().iter().map(|s| s == 1).collect();
    pack::write(&folder.path().join("lfw.bin"), &same, |i| Ok(vec![i as u8; 3])).unwrap();
    let both = npy::read(&fixture("evaluation.npy")).unwrap();
    let width = both.shape()[1];
    let ficta::storage::Values::F32(values) = both.values() else {
        panic!("f32")
    };
    let half = |from: usize| -> Vec<f32> {
        let rows = values.chunks_exact(width).flat_map(|row| &row[from..from + width / 2]);
        rows.copied().collect()
    };
    let mut tensors = Tensors::new();
    let shape = [both.shape()[0], width / 2];
    tensors.insert("feature", &shape, half(0)).unwrap();
    tensors.write(&folder.path().join("plain.safetensors")).unwrap();
    tensors.insert("feature_flip", &shape, half(width / 2)).unwrap();
    tensors.write(&folder.path().join("f.safetensors")).unwrap();
    (folder, expected)
}

#[test]
fn features_are_evaluated_compared_and_set_against_a_reference() {
    let (folder, expected) = with_pack();
    let at = folder.path();
    let near =
        |got: &Value, expected: &Value| assert!((got.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 1e-12);
    let base = [
        "--json",
        "evaluate",
        "--set",
        "lfw.bin",
        "--val-far",
        "0.02",
        "--features",
    ];
    let call = |more: &[&str]| ficta(at, &[&base[..], more].concat());
    let result = json(&call(&[
        "f.safetensors",
        "--out",
        "both",
        "--csv",
        "t.csv",
        "--markdown",
        "t.md",
    ]));
    let reference = &expected["insightface"];
    near(&result["sets"][0]["accuracy"], &reference["accuracy"]);
    near(&result["sets"][0]["deviation"], &reference["deviation"]);
    near(&result["sets"][0]["val"]["val"], &reference["val"]);
    near(&result["average"], &reference["accuracy"]);
    for file in [
        "both/result.json",
        "both/roc.csv",
        "both/result.md",
        "both/distances.safetensors",
        "t.csv",
        "t.md",
    ] {
        assert!(at.join(file).is_file(), "{file}");
    }
    let second = json(&call(&[
        "plain.safetensors",
        "--compare",
        "both",
        "--reference",
        "both",
        "--resamplings",
        "50",
    ]));
    near(&second["average"], &expected["insightface_feature_only"]["accuracy"]);
    near(&second["reference"]["average"], &reference["accuracy"]);
    assert_eq!(second["comparison"]["differences"].as_array().unwrap().len(), 1);
    let gap = json(&call(&["f.safetensors", "--reference", "88.6"]));
    let average = gap["average"].as_f64().unwrap();
    assert!((gap["reference"]["gap_percent"].as_f64().unwrap() - (0.886 - average) / average * 100.0).abs() < 1e-9);
    let cosine = json(&call(&["f.safetensors", "--protocol", "cosine"]));
    near(&cosine["sets"][0]["accuracy"], &expected["cosine"]["accuracy"]);
    let text = ficta(at, &["evaluate", "--set", "lfw.bin", "--features", "f.safetensors"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("InsightFace's verification.py"));
}

/// A `.npy` file of this kind of number and order.
fn npy_file(path: &Path, descr: &str, fortran: &str, shape: [usize; 2], elements: impl Iterator<Item = u8>) {
    let [rows, columns] = shape;
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': ({rows}, {columns}), }}\n");
    let mut bytes = [
        npy::MAGIC,
        &[1, 0],
        &(header.len() as u16).to_le_bytes(),
        header.as_bytes(),
    ]
    .concat();
    bytes.extend(elements);
    fs::write(path, bytes).unwrap();
}

/// A Parquet file with a list column `feature`.
fn parquet_file(path: &Path, columns: usize, values: &[f32]) {
    let message = "message m { required group feature (LIST) { repeated group list { required float element; } } }";
    let schema = Arc::new(parse_message_type(message).unwrap());
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let repetition: Vec<i16> = (0..values.len()).map(|i| i16::from(i % columns != 0)).collect();
    let (typed, definition) = (column.typed::<FloatType>(), vec![1; values.len()]);
    typed.write_batch(values, Some(&definition), Some(&repetition)).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn features_come_in_every_kind_of_file_that_other_commands_take() {
    let (folder, expected) = with_pack();
    let at = folder.path();
    let tensors = Tensors::read(&at.join("plain.safetensors")).unwrap();
    let (values, shape) = tensors.get::<f32, 2>("feature").unwrap();
    let [rows, columns] = shape;
    let turned = || (0..rows * columns).map(|i| values[i % rows * columns + i / rows]);
    let path = |name: &str| at.join(name);
    npy_file(
        &path("a.npy"),
        "<f4",
        "False",
        shape,
        values.iter().flat_map(|x| x.to_le_bytes()),
    );
    npy_file(
        &path("b.npy"),
        ">f4",
        "False",
        shape,
        values.iter().flat_map(|x| x.to_be_bytes()),
    );
    npy_file(
        &path("c.npy"),
        "<f8",
        "True",
        shape,
        turned().flat_map(|x| f64::from(x).to_le_bytes()),
    );
    // What a file is, is told by its content.
    fs::copy(path("c.npy"), path("d.bin")).unwrap();
    parquet_file(&path("e.parquet"), columns, values);
    let mut other_name = Tensors::new();
    other_name.insert("embedding", &shape, values.to_vec()).unwrap();
    other_name.write(&path("f2.safetensors")).unwrap();
    for file in [
        "plain.safetensors",
        "a.npy",
        "b.npy",
        "c.npy",
        "d.bin",
        "e.parquet",
        "f2.safetensors",
    ] {
        let output = ficta(
            at,
            &[
                "--json",
                "evaluate",
                "--set",
                "lfw.bin",
                "--val-far",
                "0.02",
                "--features",
                file,
            ],
        );
        let accuracy = json(&output)["average"].as_f64().unwrap();
        let reference = expected["insightface_feature_only"]["accuracy"].as_f64().unwrap();
        assert!(
            (accuracy - reference).abs() < 1e-12,
            "{file}: {accuracy}, expected {reference}"
        );
    }
}

#[test]
fn wrong_usage_is_2_and_bad_data_1() {
    let (folder, _) = with_pack();
    let at = folder.path();
    fs::write(at.join("evil.bin"), b"cos\nsystem\n(S'touch owned'\ntR.").unwrap();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["evaluate", "--set", "lfw.bin"], 2, "--encoder"),
        (
            &["evaluate", "--set", "lfw.bin", "--encoder", "nobody"],
            2,
            "no encoder is named `nobody`",
        ),
        (
            &[
                "evaluate",
                "--set",
                "lfw.bin",
                "--set",
                "a=lfw.bin",
                "--features",
                "f.safetensors",
            ],
            2,
            "1 files of features for 2 sets",
        ),
        (
            &[
                "evaluate",
                "--set",
                "lfw.bin",
                "--set",
                "lfw.bin",
                "--features",
                "f.safetensors",
                "--features",
                "f.safetensors",
            ],
            2,
            "two sets are named",
        ),
        (
            &["evaluate", "--set", "evil.bin", "--features", "f.safetensors"],
            1,
            "refused: the pickle asks Python for `os.system`",
        ),
        (
            &["evaluate", "--set", "none.bin", "--features", "f.safetensors"],
            1,
            "none.bin",
        ),
    ];
    for (arguments, code, words) in cases {
        let output = ficta(at, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
    }
    assert!(!at.join("owned").exists());
}

#[test]
fn pairs_are_made_from_a_folder_and_faces_aligned() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut landmarks = String::new();
    for person in 0..8 {
        for image in 0..4 {
            let pixels: Vec<u8> = (0..120 * 100 * 3)
                .map(|i| ((i / 9 + person * 40 + image) % 251) as u8)
                .collect();
            png::write(&at.join(format!("faces/p{person}/{image}.png")), &pixels, 120, 100, 3).unwrap();
            landmarks += &format!("p{person}/{image}.png,30,50,65,50,48,70,33,90,62,90\n");
        }
    }
    let make = |out: &str, seed: &str| {
        let counts = [
            "--genuine",
            "12",
            "--impostor",
            "12",
            "--folds",
            "3",
            "--seed",
            seed,
            "--out",
            out,
        ];
        json(&ficta(
            at,
            &[&["--json", "data", "make-pairs", "faces"][..], &counts].concat(),
        ))
    };
    make("a.bin", "1");
    make("b.bin", "1");
    make("c.bin", "2");
    make("a.csv", "1");
    assert_eq!(fs::read(at.join("a.bin")).unwrap(), fs::read(at.join("b.bin")).unwrap());
    assert_ne!(fs::read(at.join("a.bin")).unwrap(), fs::read(at.join("c.bin")).unwrap());
    assert_eq!(pack::Pack::open(&at.join("a.bin")).unwrap().len(), 48);

    landmarks = landmarks.lines().skip(1).collect::<Vec<_>>().join("\n");
    fs::write(at.join("landmarks.csv"), &landmarks).unwrap();
    let align = ["data", "align", "faces", "aligned", "--landmarks", "landmarks.csv"];
    let output = ficta(at, &align);
    assert_eq!(output.status.code(), Some(1), "one image has no landmarks");
    let listed = fs::read_to_string(at.join("aligned/failures.csv")).unwrap();
    assert!(listed.contains("no landmarks of `p0/0.png`"), "{listed}");
    assert_eq!(png::read(&at.join("aligned/p7/3.png")).unwrap().height, 112);
    assert!(!at.join("aligned/p0/0.png").exists());
    let card = fs::read_to_string(at.join("aligned/README.md")).unwrap();
    assert!(
        card.contains("Left out as broken: 1 images") && card.contains("`faces` (folder, "),
        "{card}"
    );
}
