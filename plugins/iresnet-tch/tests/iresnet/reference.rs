//! Forward and training steps against PyTorch, computed there in f64 (`fixtures/reference.py`).

use std::path::{Path, PathBuf};

use ficta_core::{Backbone, Ctx, SaveKind, testing::RecordingHost};
use ficta_iresnet_tch::IResNet;

use crate::{scene, tensor_file::TensorFile};

/// Of f32 arithmetic through some 40 operations of a network whose loss is scaled by 64.
const RELATIVE: f64 = 1e-4;
const ABSOLUTE: f64 = 1e-5;

pub fn fixture() -> TensorFile {
    fixture_file("tiny_iresnet.safetensors")
}

pub fn fixture_file(name: &str) -> TensorFile {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures", name].iter().collect();
    TensorFile::read(&path)
}

pub fn checkpoint(net: &dyn Backbone, path: &Path, ctx: &Ctx<'_>) -> TensorFile {
    net.save(path, SaveKind::CHECKPOINT, ctx).expect("a checkpoint");
    TensorFile::read(path)
}

/// A network that holds the fixture's initial tensors, head included.
pub fn loaded(fixture: &TensorFile, folder: &Path, ctx: &Ctx<'_>) -> IResNet {
    let mut net = scene::net("{}");
    load_fixture(&mut net, fixture, folder, ctx);
    net
}

/// Gives `net` the fixture's initial tensors, head included.
pub fn load_fixture(net: &mut dyn Backbone, fixture: &TensorFile, folder: &Path, ctx: &Ctx<'_>) {
    net.initialise(scene::CLASSES, 1, ctx).expect("new weights");
    let path = folder.join("start.safetensors");
    let mut file = checkpoint(net, &path, ctx);
    let mut replaced = 0;
    for (name, entry) in &mut file.tensors {
        let name = if name == "head.weight" { "head" } else { name };
        if let Some(given) = fixture.tensors.get(&format!("before.{name}")) {
            assert_eq!((&entry.shape, entry.dtype), (&given.shape, given.dtype), "{name}");
            *entry = given.clone();
            replaced += 1;
        }
    }
    assert_eq!(
        replaced,
        fixture.tensors.keys().filter(|k| k.starts_with("before.")).count()
    );
    file.write(&path);
    net.load(&path, ctx).expect("a checkpoint");
}

pub fn assert_near(what: &str, found: &[f32], reference: &[f32]) {
    assert_eq!(found.len(), reference.len(), "{what}");
    for (i, (f, r)) in found.iter().zip(reference).enumerate() {
        let (f, r) = (f64::from(*f), f64::from(*r));
        assert!(
            (f - r).abs() <= ABSOLUTE + RELATIVE * r.abs(),
            "{what}[{i}]: {f}, PyTorch has {r}"
        );
    }
}

#[test]
fn embeddings_are_those_of_pytorch() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture());
    let mut net = loaded(&fixture, folder.path(), &ctx);
    let found = scene::embed(&mut net, &fixture.tensors["images"].f32(), &ctx);
    assert_near("embeddings", &found, &fixture.tensors["embeddings"].f32());
}

/// The first step's gradient is clipped, the second's is not (the script prints the norms); the second needs the first's momentum.
#[test]
fn two_steps_are_those_of_pytorch() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture());
    let mut net = loaded(&fixture, folder.path(), &ctx);
    let (pixels, labels) = (fixture.tensors["images"].f32(), fixture.tensors["labels"].i64());
    let losses = fixture.tensors["losses"].f64();
    let mut loss = scene::cosface();
    for (step, rate) in [0.002, 0.001].into_iter().enumerate() {
        let value = net
            .train_step(scene::images(&pixels), scene::labels(&labels), &mut loss, rate, &ctx)
            .expect("a step");
        assert!(
            (value - losses[step]).abs() < 1e-4 * losses[step],
            "step {step}: loss {value}, PyTorch has {}",
            losses[step]
        );
        let after = checkpoint(&net, &folder.path().join("after.safetensors"), &ctx);
        let prefix = format!("after{}.", step + 1);
        let mut compared = 0;
        for (name, reference) in fixture
            .tensors
            .iter()
            .filter_map(|(k, v)| Some((k.strip_prefix(&prefix)?, v)))
        {
            let found = &after.tensors[if name == "head" { "head.weight" } else { name }];
            compared += 1;
            match name.ends_with("num_batches_tracked") {
                true => assert_eq!(found.i64(), reference.i64(), "{name}"),
                false => assert_near(&format!("{prefix}{name}"), &found.f32(), &reference.f32()),
            }
        }
        assert_eq!(compared, 134, "tensors of the fixture");
    }
}
