//! Gradients of one step against PyTorch, computed there in f64 (`fixtures/gradients.py`), as the momentum buffers of SGD keep them.

use ficta_core::{Backbone, Ctx, TensorRef, testing::RecordingHost};

use crate::{
    mobilefacenet,
    reference::{checkpoint, fixture, fixture_file, load_fixture, loaded},
    scene,
    tensor_file::{Entry, TensorFile},
};

/// Of f32 arithmetic, relative to a tensor's largest value: gradients are sums that cancel, and their rounding is that of what was added.
const RELATIVE: f64 = 5e-5;

/// The same, relative to the network's largest value: a shift before another normalisation has gradient 0 but for rounding.
const ROUNDING: f64 = 1e-7;

/// What a checkpoint keeps of the first step's gradient: clipped, with weight decay.
pub fn buffer<'a>(checkpoint: &'a TensorFile, name: &str) -> &'a Entry {
    &checkpoint.tensors[&format!("sgd.momentum_buffer.{name}")]
}

/// The largest absolute value.
pub fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |m, v| f64::from(v.abs()).max(m))
}

fn are_those_of_pytorch(network: &str, after: &TensorFile) {
    let all = fixture_file("gradients.safetensors").tensors;
    let prefix = format!("{network}.");
    let references = || {
        all.iter()
            .filter_map(|(k, v)| Some((k.strip_prefix(&prefix)?, v.f32())))
    };
    let floor = ROUNDING * references().fold(0.0, |m, (_, v)| largest(&v).max(m));
    for (name, reference) in references() {
        let found = buffer(after, name).f32();
        assert_eq!(found.len(), reference.len(), "{name}");
        let differences: Vec<f32> = found.iter().zip(&reference).map(|(f, r)| f - r).collect();
        let (worst, largest) = (largest(&differences), largest(&reference));
        assert!(
            worst <= (RELATIVE * largest).max(floor),
            "{network}: {name} is off by {worst:e}, its largest value is {largest:e}"
        );
    }
    let trained = after.tensors.keys().filter(|k| k.starts_with("sgd.momentum_buffer."));
    assert_eq!(
        references().count(),
        trained.count(),
        "{network}: tensors of the fixture"
    );
}

#[test]
fn iresnet() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture());
    let mut net = loaded(&fixture, folder.path(), &ctx);
    let (pixels, labels) = (fixture.tensors["images"].f32(), fixture.tensors["labels"].i64());
    let (images, labels) = (scene::images(&pixels), scene::labels(&labels));
    net.train_step(images, labels, &mut scene::cosface(), 0.002, &ctx)
        .expect("a step");
    are_those_of_pytorch("iresnet", &checkpoint(&net, &folder.path().join("after"), &ctx));
}

#[test]
fn mobilefacenet() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture_file("tiny_mobilefacenet.safetensors"));
    let mut net = mobilefacenet::net();
    load_fixture(&mut net, &fixture, folder.path(), &ctx);
    let (pixels, labels) = (fixture.tensors["images"].f32(), fixture.tensors["labels"].i64());
    let images = TensorRef::new(&pixels, &[6, 3, 32, 32]).expect("images");
    net.train_step(images, scene::labels(&labels), &mut scene::cosface(), 0.002, &ctx)
        .expect("a step");
    are_those_of_pytorch("mobilefacenet", &checkpoint(&net, &folder.path().join("after"), &ctx));
}
