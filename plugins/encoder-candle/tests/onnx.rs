//! `onnx` against onnxruntime.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ficta_core::testing::assert_close;
use ficta_core::{Configure, Encoder, Error, ErrorKind, Result};
use ficta_encoder_candle::{Onnx, OnnxParams};
use serde_json::{Value, json};
use support::{encode, pictures::smooth};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(format!("onnx_{name}.onnx"))
}

fn onnx(model: &Path, more: Value) -> Result<Onnx> {
    let mut params = json!({ "model": model });
    params
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    Onnx::configure(serde_json::from_value::<OnnxParams>(params).expect("parameters"))
}

fn expected() -> BTreeMap<String, Vec<f32>> {
    let cases: BTreeMap<String, Vec<Vec<f32>>> =
        serde_json::from_str(include_str!("fixtures/onnx_features.json")).unwrap();
    cases.into_iter().map(|(name, rows)| (name, rows.concat())).collect()
}

/// The networks, with what their parameters have to say: nothing but the size where the file leaves it open.
const NETWORKS: [&str; 4] = ["iresnet", "mobile", "sface", "shapes"];

fn network(name: &str, more: Value) -> Onnx {
    let mut params = more;
    if name == "shapes" {
        // It subtracts, and multiplies for another reason: the guess would be wrong.
        params["mean"] = 127.5.into();
        params["std"] = 127.5.into();
    }
    onnx(&fixture(name), params).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn features_agree_with_onnxruntime() {
    for name in NETWORKS {
        let mut encoder = network(name, json!({}));
        let info = encoder.info();
        assert_eq!((info.height, info.width), (16, 16), "{name}");
        for threads in [1, 2] {
            let got = encode(&mut encoder, &smooth(3, 16), [16, 16], threads).unwrap();
            println!("{name}");
            assert_close(&got, &expected()[name], 1e-4, 1e-5);
        }
    }
}

#[test]
fn nothing_depends_on_the_batch() {
    let pixels = smooth(5, 16);
    for name in NETWORKS {
        let bits = |batch: usize, threads| -> Vec<u32> {
            let features = encode(
                &mut network(name, json!({ "batch": batch })),
                &pixels,
                [16, 16],
                threads,
            )
            .unwrap();
            features.into_iter().map(f32::to_bits).collect()
        };
        let one = bits(1, 1);
        for (batch, threads) in [(2, 2), (5, 1), (16, 3)] {
            assert_eq!(one, bits(batch, threads), "{name}: batch {batch}, {threads} threads");
        }
    }
}

#[test]
fn models_that_normalise_are_recognised() {
    assert!(network("sface", json!({})).info().description.contains("mean 0, std 1"));
    assert!(
        network("iresnet", json!({}))
            .info()
            .description
            .contains("mean 127.5, std 127.5")
    );
}

#[test]
fn flip_is_the_sum() {
    let pixels = smooth(1, 16);
    let mirrored: Vec<u8> = pixels
        .chunks(16 * 3)
        .flat_map(|line| line.rchunks(3).flatten().copied())
        .collect();
    let mut plain = network("mobile", json!({}));
    let [a, b] = [&pixels, &mirrored].map(|p| encode(&mut plain, p, [16, 16], 1).unwrap());
    let sum: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let got = encode(&mut network("mobile", json!({ "flip": true })), &pixels, [16, 16], 1).unwrap();
    assert_eq!(got, sum);
}

fn says(outcome: Result<Onnx>, kind: ErrorKind, words: &[&str]) {
    let error: Error = outcome.expect_err("this cannot work");
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn an_unknown_operator_is_named_with_its_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.onnx");
    let mut bytes = std::fs::read(fixture("shapes")).unwrap();
    // The operator `Tanh`, by its field's tag and length.
    let at = bytes
        .windows(6)
        .position(|w| w == b"\x22\x04Tanh")
        .expect("the operator");
    bytes[at + 2..at + 6].copy_from_slice(b"Tank");
    std::fs::write(&path, bytes).unwrap();
    says(
        onnx(&path, json!({})),
        ErrorKind::UNSUPPORTED,
        &["Tank node that makes `tanh`", "other.onnx", "supported are"],
    );
}

#[test]
fn what_is_no_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.onnx");
    says(onnx(&path, json!({})), ErrorKind::IO, &["cut.onnx", "fix:"]);
    for (content, words) in [
        (&b""[..], "without a graph"),
        (b"PK\x03\x04 no model", "cut.onnx"),
        (&[0xff; 64], "cut.onnx"),
    ] {
        std::fs::write(&path, content).unwrap();
        says(onnx(&path, json!({})), ErrorKind::DATA, &[words, "fix:"]);
    }
    let whole = std::fs::read(fixture("mobile")).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    says(onnx(&path, json!({})), ErrorKind::DATA, &["cut.onnx", "fix:"]);
    says(
        onnx(&fixture("iresnet"), json!({ "input_size": 32 })),
        ErrorKind::CONFIG,
        &["input_size = 32", "16"],
    );
    says(
        onnx(&fixture("iresnet"), json!({ "batch": 0 })),
        ErrorKind::CONFIG,
        &["batch = 0"],
    );
}
