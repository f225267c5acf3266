//! Features against an independent implementation in PyTorch (`fixtures/make_dlib_reference.py`).

mod support;

use std::collections::BTreeMap;

use ficta_core::testing::assert_close;
use support::{assets, encode, encoder, pictures, synthetic};

type Features = BTreeMap<String, Vec<f32>>;

#[test]
fn pretrained_features_agree_with_pytorch() {
    let Some(weights) = assets::face_api() else { return };
    let expected: Features = serde_json::from_str(include_str!("fixtures/dlib_features.json")).unwrap();
    let mut encoder = encoder(&weights, false).unwrap();
    for (name, png) in pictures::PHOTOGRAPHS {
        let got = encode(&mut encoder, &pictures::photograph(png), pictures::SIZE, 1).unwrap();
        assert_close(&got, &expected[name], 0.0, 1e-4);
    }
}

#[test]
fn synthetic_features_agree_with_pytorch() {
    let expected: Features = serde_json::from_str(include_str!("fixtures/synthetic_features.json")).unwrap();
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    for (name, png) in pictures::PHOTOGRAPHS {
        let got = encode(&mut encoder, &pictures::photograph(png), pictures::SIZE, 1).unwrap();
        assert_close(&got, &expected[name], 0.0, 1e-4);
    }
    let size = [163, 171];
    let picture: Vec<u8> = (0..size[0] * size[1] * 3).map(synthetic::hashed).collect();
    let got = encode(&mut encoder, &picture, size, 1).unwrap();
    assert_close(&got, &expected["hashed_163x171"], 0.0, 1e-4);
}
