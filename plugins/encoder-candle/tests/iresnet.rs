//! `iresnet` against PyTorch.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ficta_core::testing::assert_close;
use ficta_core::{Configure, Encoder, Error, ErrorKind, Result};
use ficta_encoder_candle::{IResNet, IResNetParams};
use serde_json::{Value, json};
use support::{encode, pictures::smooth};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn iresnet(params: Value) -> Result<IResNet> {
    IResNet::configure(serde_json::from_value::<IResNetParams>(params).expect("parameters"))
}

fn small(file: &str, more: Value) -> Result<IResNet> {
    let mut params = json!({ "weights": fixture(file), "bn_eps": 2e-5, "input_size": 32 });
    params
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    iresnet(params)
}

fn expected() -> BTreeMap<String, Vec<f32>> {
    let cases: BTreeMap<String, Vec<Vec<f32>>> =
        serde_json::from_str(include_str!("fixtures/iresnet_features.json")).unwrap();
    cases.into_iter().map(|(name, rows)| (name, rows.concat())).collect()
}

#[test]
fn features_agree_with_pytorch_from_every_format() {
    for file in ["iresnet_zip.pth", "iresnet_legacy.pth", "iresnet.safetensors"] {
        let mut encoder = small(file, json!({})).unwrap();
        let info = encoder.info();
        assert_eq!((info.dim, info.height, info.width), (12, 32, 32), "{file}");
        for threads in [1, 2] {
            let got = encode(&mut encoder, &smooth(3, 32), [32, 32], threads).unwrap();
            assert_close(&got, &expected()["plain"], 0.0, 1e-5);
        }
    }
}

/// Widths at which all kernels run: Winograd's of 32 and 64 channels, sums of more than 512 products, rows of more than four panels.
#[test]
fn features_of_a_wide_network_agree_with_pytorch() {
    for threads in [1, 2] {
        let mut encoder = iresnet(json!({ "weights": fixture("iresnet_wide.safetensors"), "input_size": 40 })).unwrap();
        assert_eq!(encoder.info().dim, 160);
        let got = encode(&mut encoder, &smooth(2, 40), [40, 40], threads).unwrap();
        assert_close(&got, &expected()["wide"], 0.0, 1e-5);
    }
}

#[test]
fn flip_order_and_normalisation_agree_with_pytorch() {
    let mut flipped = small("iresnet_zip.pth", json!({ "flip": true, "batch": 2 })).unwrap();
    let got = encode(&mut flipped, &smooth(3, 32), [32, 32], 1).unwrap();
    assert_close(&got, &expected()["flip"], 0.0, 1e-5);
    let order = json!({ "order": "bgr", "mean": [120.0, 110.0, 100.0], "std": [60.0, 65.0, 70.0] });
    let mut bgr = small("iresnet_zip.pth", order).unwrap();
    let got = encode(&mut bgr, &smooth(3, 32), [32, 32], 1).unwrap();
    assert_close(&got, &expected()["bgr"], 0.0, 1e-5);
}

#[test]
fn nothing_depends_on_the_batch() {
    let pixels = smooth(5, 32);
    let bits = |batch: usize, threads| -> Vec<u32> {
        let mut encoder = small("iresnet_zip.pth", json!({ "batch": batch })).unwrap();
        let features = encode(&mut encoder, &pixels, [32, 32], threads).unwrap();
        features.into_iter().map(f32::to_bits).collect()
    };
    let one = bits(1, 1);
    for (batch, threads) in [(2, 1), (5, 2), (3, 4), (16, 3)] {
        assert_eq!(one, bits(batch, threads), "batch {batch}, {threads} threads");
    }
}

fn says(outcome: Result<IResNet>, kind: ErrorKind, words: &[&str]) {
    let error: Error = outcome.expect_err("these parameters are wrong");
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn wrong_expectations_name_what_the_file_holds() {
    let file = "iresnet_zip.pth";
    says(
        small(file, json!({ "depth": 50 })),
        ErrorKind::DATA,
        &["[1, 2, 1, 1] blocks", "iresnet50", "fix:"],
    );
    says(
        small(file, json!({ "blocks": [1, 1, 1, 1] })),
        ErrorKind::DATA,
        &["[1, 1, 1, 1]"],
    );
    says(
        small(file, json!({ "widths": [8, 8, 16, 16, 32] })),
        ErrorKind::DATA,
        &["24]", "32]"],
    );
    says(
        small(file, json!({ "input_size": 48 })),
        ErrorKind::DATA,
        &["17 to 32 pixels", "48"],
    );
    says(
        small(file, json!({ "depth": 51 })),
        ErrorKind::CONFIG,
        &["18, 34, 50, 100 or 200"],
    );
    says(
        small(file, json!({ "depth": 18, "blocks": [2, 2, 2, 2] })),
        ErrorKind::CONFIG,
        &["both"],
    );
    says(small(file, json!({ "bn_eps": 0.0 })), ErrorKind::CONFIG, &["bn_eps"]);
    says(small(file, json!({ "std": 0.0 })), ErrorKind::CONFIG, &["std"]);
    says(small(file, json!({ "batch": 0 })), ErrorKind::CONFIG, &["batch = 0"]);
    says(small("nowhere.pth", json!({})), ErrorKind::IO, &["nowhere.pth", "fix:"]);
}

/// A safetensors file of the small network's tensors, changed.
fn changed(change: impl Fn(&mut BTreeMap<String, (Vec<usize>, Vec<u8>)>)) -> Result<IResNet> {
    let bytes = std::fs::read(fixture("iresnet.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, (view.shape().to_vec(), view.data().to_vec())))
        .collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, (shape, data))| {
        (
            name,
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data).unwrap(),
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    iresnet(json!({ "weights": path }))
}

#[test]
fn wrong_tensors_are_named() {
    says(
        changed(|t| drop(t.remove("layer2.1.bn2.running_var"))),
        ErrorKind::DATA,
        &["no tensor `layer2.1.bn2.running_var`", "fix:"],
    );
    says(
        changed(|t| drop(t.remove("conv1.weight"))),
        ErrorKind::DATA,
        &["no tensor `conv1.weight`", "AdaFace"],
    );
    says(
        changed(|t| t.get_mut("layer1.0.prelu.weight").unwrap().0 = vec![1, 8]),
        ErrorKind::DATA,
        &["layer1.0.prelu.weight", "[1, 8]", "expected [8]"],
    );
    for (name, shape) in [
        ("conv1.weight", vec![0, 3, 3, 3]),
        ("layer1.0.conv2.weight", vec![0, 8, 3, 3]),
        ("layer4.0.conv2.weight", vec![0, 24, 3, 3]),
        ("fc.weight", vec![0, 96]),
        ("fc.weight", vec![12, 0]),
    ] {
        says(
            changed(|t| drop(t.insert(name.into(), (shape.clone(), Vec::new())))),
            ErrorKind::DATA,
            &[name, &format!("{shape:?}"), "may be 0", "fix:"],
        );
    }
    says(
        changed(|t| drop(t.insert("fc2.bias".into(), (vec![1], vec![0; 4])))),
        ErrorKind::DATA,
        &["1 tensors that an iresnet lacks", "fc2.bias"],
    );
    says(
        changed(|t| t.get_mut("fc.bias").unwrap().1[..4].copy_from_slice(&f32::NAN.to_le_bytes())),
        ErrorKind::DATA,
        &["element 0 of tensor `fc.bias` is NaN"],
    );
    says(
        changed(|t| t.get_mut("bn1.running_var").unwrap().1[..4].copy_from_slice(&(-1f32).to_le_bytes())),
        ErrorKind::DATA,
        &["bn1.running_var", "-1"],
    );
}

/// Tensors of a training beside the weights: the optimizer's, the head's, and averages where `average` says what becomes of them.
fn checkpoint(average: Option<fn(&mut [u8])>) -> Result<IResNet> {
    changed(|tensors| {
        let weights = tensors.clone();
        for (name, (shape, mut data)) in weights {
            tensors.insert(format!("sgd.{name}"), (shape.clone(), data.clone()));
            if let Some(average) = average {
                average(&mut data);
                tensors.insert(format!("ema.{name}"), (shape, data));
            }
        }
        tensors.insert("head.weight".into(), (vec![5, 12], vec![0; 240]));
    })
}

fn halve(values: &mut [u8]) {
    for value in values.as_chunks_mut().0 {
        *value = (f32::from_le_bytes(*value) / 2.0).to_le_bytes();
    }
}

#[test]
fn a_checkpoint_embeds_by_its_averages_where_it_has_them() {
    let features = |encoder: Result<IResNet>| encode(&mut encoder.unwrap(), &smooth(2, 32), [32, 32], 1).unwrap();
    let plain = features(changed(|_| {}));
    assert_eq!(features(checkpoint(None)), plain);
    let of_halves = features(changed(|t| t.values_mut().for_each(|(_, data)| halve(data))));
    assert_ne!(of_halves, plain);
    assert_eq!(features(checkpoint(Some(halve))), of_halves);
}

#[test]
fn files_cut_short_and_others_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["iresnet_zip.pth", "iresnet_legacy.pth", "iresnet.safetensors"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        for cut in [0, 1, 7, 16, 300, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let path = folder.path().join(name);
            std::fs::write(&path, &whole[..cut]).unwrap();
            let error = iresnet(json!({ "weights": path })).expect_err("a cut file");
            assert!(
                [ErrorKind::DATA, ErrorKind::UNSUPPORTED].contains(&error.kind()),
                "{name} cut at {cut}: {error}"
            );
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
