//! MobileFaceNet against PyTorch, computed there in f64 (`fixtures/mobilefacenet.py`).

use ficta_core::{Backbone, Configure, Ctx, SaveKind, TensorMut, TensorRef, static_components, testing::RecordingHost};
use ficta_iresnet_tch::MobileFaceNet;

use crate::{
    reference::{assert_near, checkpoint, fixture_file, load_fixture},
    scene,
    tensor_file::TensorFile,
};

pub const TINY: &str =
    r#"{"blocks":[2,1,1,1],"scale":1,"width":2,"input_size":32,"dim":4,"clip_norm":0.0,"precision":"f32"}"#;

pub fn net() -> MobileFaceNet {
    MobileFaceNet::configure(serde_json::from_str(TINY).expect("JSON")).expect("a small network")
}

fn images(fixture: &TensorFile) -> Vec<f32> {
    fixture.tensors["images"].f32()
}

#[test]
fn embeddings_and_a_step_are_those_of_pytorch() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture_file("tiny_mobilefacenet.safetensors"));
    let mut net = net();
    load_fixture(&mut net, &fixture, folder.path(), &ctx);
    let (pixels, labels) = (images(&fixture), fixture.tensors["labels"].i64());
    let images = TensorRef::new(&pixels, &[6, 3, 32, 32]).expect("images");
    let mut found = vec![0f32; 24];
    net.embed(images, TensorMut::new(&mut found, &[6, 4]).expect("a buffer"), &ctx)
        .expect("embeddings");
    assert_near("embeddings", &found, &fixture.tensors["embeddings"].f32());

    let value = net
        .train_step(images, scene::labels(&labels), &mut scene::cosface(), 0.002, &ctx)
        .expect("a step");
    let expected = fixture.tensors["losses"].f64()[0];
    assert!(
        (value - expected).abs() < 1e-4 * expected,
        "loss {value}, PyTorch has {expected}"
    );
    let after = checkpoint(&net, &folder.path().join("after.safetensors"), &ctx);
    let mut compared = 0;
    for (name, reference) in &fixture.tensors {
        let Some(name) = name.strip_prefix("after1.") else {
            continue;
        };
        let found = &after.tensors[if name == "head" { "head.weight" } else { name }];
        compared += 1;
        match name.ends_with("num_batches_tracked") {
            true => assert_eq!(found.i64(), reference.i64(), "{name}"),
            false => assert_near(name, &found.f32(), &reference.f32()),
        }
    }
    assert_eq!(
        compared,
        fixture.tensors.keys().filter(|k| k.starts_with("before.")).count()
    );
}

#[test]
fn weights_of_another_family_are_refused() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("w.safetensors"));
    let mut mobile = net();
    mobile.initialise(5, 1, &ctx).expect("new weights");
    mobile.save(&path, SaveKind::WEIGHTS, &ctx).expect("a file");
    let error = scene::net("{}").load(&path, &ctx).expect_err("MobileFaceNet's weights");
    assert!(error.message().contains("holds a mobilefacenet"), "{error}");
}

#[test]
fn listing_and_schema() {
    let all = static_components();
    let entry = all.iter().find(|r| r.name == "mobilefacenet").expect("registered");
    let schema: serde_json::Value = serde_json::from_str(&entry.component().params_schema).expect("a schema is JSON");
    insta::assert_json_snapshot!("mobilefacenet", schema);
    let info = entry.make_backbone("{}").expect("the defaults").info();
    assert_eq!((info.dim, info.height, info.parameters), (512, 112, 2_059_520));
}
