//! A network trained here gives the same features wherever it is taken: in its own plugin, in the encoder `iresnet` by either kind of weights, and as
//! ONNX in the encoder `onnx`.

use std::path::Path;

use ficta::{features::FeatureTable, registry::Registry};
use ficta_core::{Ctx, NullHost, TensorMut, TensorRef};
use ficta_tests::{command::ficta, faces, product};
use serde_json::json;

const SIDE: usize = faces::SIDE as usize;
const DIM: usize = 16;
/// Largest difference of a feature's number, which are of the order of 1.
const TOLERANCE: f32 = 1e-4;

/// Embeddings of the drawn faces by the plugin that trained them, in the order of `ficta encode`.
fn by_its_own_plugin(weights: &Path, images: &Path) -> Vec<f32> {
    let mut pixels = Vec::new();
    for person in 0..faces::PEOPLE {
        for image in 0..faces::IMAGES {
            let grey = image::open(images.join(format!("p{person}/{image}.png")))
                .unwrap()
                .to_luma8();
            let plane: Vec<f32> = grey.pixels().map(|p| (f32::from(p.0[0]) / 255.0 - 0.5) / 0.5).collect();
            (0..3).for_each(|_| pixels.extend_from_slice(&plane));
        }
    }
    let mut registry = Registry::default();
    registry
        .load(&product::library("ficta_iresnet_tch"))
        .unwrap_or_else(|e| panic!("{e}"));
    let params = json!({"blocks": [1, 2, 1, 1], "widths": [8, 8, 12, 16, 16], "input_size": SIDE, "dim": DIM});
    let mut network = registry.backbone("iresnet", &params).unwrap();
    let (host, count) = (NullHost::default(), faces::PEOPLE * faces::IMAGES);
    let ctx = Ctx::new(&host);
    network.load(weights, &ctx).unwrap();
    let mut out = vec![f32::NAN; count * DIM];
    network
        .embed(
            TensorRef::new(&pixels, &[count, 3, SIDE, SIDE]).unwrap(),
            TensorMut::new(&mut out, &[count, DIM]).unwrap(),
            &ctx,
        )
        .unwrap();
    out
}

#[test]
fn features_of_a_trained_network_are_the_same_by_every_way() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    faces::draw(&at("faces"), 3);
    let side = format!("input_size={SIDE}");
    let network = [
        "blocks=[1,2,1,1]",
        "widths=[8,8,12,16,16]",
        &side,
        "dim=16",
        "precision=f32",
        "ema_decay=0.5",
    ];
    let mut train: Vec<String> = [
        "train",
        "--data",
        &text("faces"),
        "--out",
        &text("run"),
        "--quiet",
        "--threads",
        "1",
    ]
    .map(str::to_owned)
    .into();
    train.extend(network.iter().flat_map(|p| ["--param".to_owned(), (*p).to_owned()]));
    train.extend(
        "--batch 8 --steps 20 --lr 0.05 --loss-param scale=16"
            .split(' ')
            .map(str::to_owned),
    );
    ficta(train).succeeded();
    ficta(["export", &text("run"), "--to", &text("exported")]).succeeded();

    let expected = by_its_own_plugin(&at("run/weights.safetensors"), &at("faces"));
    let spread = expected.iter().fold(0f32, |most, x| most.max(x.abs()));
    assert!(spread > 0.1 && spread < 100.0, "features up to {spread} tell nothing");
    for (encoder, param, file) in [
        ("iresnet", "weights", "run/weights.safetensors"),
        ("iresnet", "weights", "exported/backbone.safetensors"),
        ("iresnet", "weights", "exported/backbone.pth"),
        ("onnx", "model", "exported/backbone.onnx"),
    ] {
        let out = text("features.safetensors");
        let param = format!("{param}={}", text(file));
        ficta([
            "encode",
            "--encoder",
            encoder,
            "--param",
            &param,
            "--data",
            &text("faces"),
            "--out",
            &out,
            "--quiet",
            // A .pth does not say for which size its network is; its linear layer would fit 17 to 32 pixels.
            "--param",
            &side,
        ])
        .succeeded();
        let found = FeatureTable::read(Path::new(&out)).unwrap().feature;
        assert_eq!((found.rows, found.cols), (faces::PEOPLE * faces::IMAGES, DIM));
        let worst = found
            .data
            .iter()
            .zip(&expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0f32, f32::max);
        assert!(worst <= TOLERANCE, "{encoder} by {file}: {worst:e} off");
    }
}
