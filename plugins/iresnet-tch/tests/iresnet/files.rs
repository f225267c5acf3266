//! What is written, and what is taken up.

use std::path::Path;

use ficta_core::{Backbone, Configure, Ctx, ErrorKind, SaveKind, testing::RecordingHost};
use ficta_iresnet_tch::IResNet;

use crate::{
    scene,
    tensor_file::{Entry, TensorFile},
};

fn trained(ctx: &Ctx<'_>) -> IResNet {
    let mut net = scene::net("{}");
    net.initialise(scene::CLASSES, 7, ctx).expect("new weights");
    scene::train(&mut net, 0, 2, ctx);
    net
}

fn saved(net: &IResNet, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> TensorFile {
    net.save(path, what, ctx).expect("a file");
    TensorFile::read(path)
}

/// Loads `file` into a new network of [`scene::TINY`] with overrides and gives the error.
fn refused(file: &TensorFile, overrides: &str) -> ficta_core::Error {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("net.safetensors");
    file.write(&path);
    scene::net(overrides)
        .load(&path, &Ctx::new(&host))
        .expect_err("a file that does not fit")
}

#[test]
fn weights_have_the_keys_of_arcface_torch() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let file = saved(
        &trained(&ctx),
        &folder.path().join("w.safetensors"),
        SaveKind::WEIGHTS,
        &ctx,
    );
    let reference =
        TensorFile::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny_iresnet.safetensors"));
    let keys = reference
        .tensors
        .iter()
        .filter_map(|(k, v)| Some((k.strip_prefix("before.")?.to_owned(), v.shape.clone(), v.dtype)));
    let expected: Vec<_> = keys.filter(|(k, ..)| k != "head").collect();
    let found: Vec<_> = file
        .tensors
        .iter()
        .map(|(k, v)| (k.clone(), v.shape.clone(), v.dtype))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(file.tensors["bn1.num_batches_tracked"].i64(), [2]);
    assert!(
        file.tensors["features.weight"].f32().iter().all(|v| *v == 1.0),
        "the last norm's scale is frozen"
    );
    let description: serde_json::Value = serde_json::from_str(&file.metadata["ficta"]).expect("JSON");
    insta::assert_json_snapshot!("description", description);
}

#[test]
fn weights_give_the_same_embeddings_elsewhere() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("w.safetensors"));
    let mut net = trained(&ctx);
    let pixels = scene::noise(3, 4);
    let reference = scene::embed(&mut net, &pixels, &ctx);
    let mut file = saved(&net, &path, SaveKind::WEIGHTS, &ctx);

    let mut other = scene::net("{}");
    other.load(&path, &ctx).expect("weights");
    assert_eq!(scene::embed(&mut other, &pixels, &ctx), reference);
    assert_eq!(other.info().classes, 0);

    // As other tools write it: no description, no counters, the prefixes of two wrappers.
    file.metadata.clear();
    file.tensors = file
        .tensors
        .into_iter()
        .map(|(k, v)| (format!("_orig_mod.module.{k}"), v))
        .collect();
    file.tensors.retain(|k, _| !k.ends_with("num_batches_tracked"));
    file.write(&path);
    let mut foreign = scene::net("{}");
    foreign.load(&path, &ctx).expect("weights");
    assert_eq!(scene::embed(&mut foreign, &pixels, &ctx), reference);
}

#[test]
fn weights_leave_the_head_for_fine_tuning() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("w.safetensors"));
    saved(&trained(&ctx), &path, SaveKind::WEIGHTS, &ctx);
    let mut net = scene::net("{}");
    net.initialise(9, 8, &ctx).expect("new weights");
    let head = saved(&net, &folder.path().join("a"), SaveKind::CHECKPOINT, &ctx).tensors["head.weight"].clone();
    net.load(&path, &ctx).expect("weights");
    assert_eq!(net.info().classes, 9);
    assert_eq!(
        saved(&net, &folder.path().join("b"), SaveKind::CHECKPOINT, &ctx).tensors["head.weight"],
        head
    );
    scene::train(&mut net, 0, 1, &ctx);
}

#[test]
fn files_of_other_networks_are_refused() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("w.safetensors"));
    let ours = || saved(&trained(&ctx), &path, SaveKind::WEIGHTS, &ctx);
    let foreign = || TensorFile {
        metadata: Default::default(),
        ..ours()
    };
    let with = |mut file: TensorFile, edit: &dyn Fn(&mut TensorFile)| {
        edit(&mut file);
        file
    };
    let nan = |file: &mut TensorFile| {
        let entry = file.tensors.get_mut("bn2.running_var").expect("a key");
        entry.bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    };
    let cases: [(TensorFile, &str, &str); 6] = [
        (ours(), r#"{"dim":16}"#, "holds an iresnet"),
        (ours(), r#"{"bn_eps":2e-5}"#, "holds an iresnet"),
        (foreign(), r#"{"dim":16}"#, "tensor `fc.weight` is"),
        (
            foreign(),
            r#"{"blocks":[1,1,1,1]}"#,
            "18 tensors that this network lacks, the first is `layer2.1.bn1.bias`",
        ),
        (
            foreign(),
            r#"{"blocks":[1,2,2,1]}"#,
            "has no tensor `layer3.1.bn1.weight`",
        ),
        (with(foreign(), &nan), "{}", "`bn2.running_var` is not finite"),
    ];
    for (file, overrides, part) in cases {
        let error = refused(&file, overrides);
        assert_eq!(error.kind(), ErrorKind::DATA, "{error}");
        assert!(error.message().contains(part), "{part}: {error}");
        assert!(error.help_text().is_some(), "{error}");
    }
}

#[test]
fn a_checkpoint_without_its_parts_is_refused() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("c.safetensors"));
    let mut file = saved(&trained(&ctx), &path, SaveKind::CHECKPOINT, &ctx);
    let velocity: Entry = file.tensors.remove("sgd.momentum_buffer.fc.bias").expect("a velocity");
    let error = refused(&file, "{}");
    assert!(
        error.message().contains("has no tensor `sgd.momentum_buffer.fc.bias`"),
        "{error}"
    );
    file.tensors.insert("sgd.momentum_buffer.fc.bias".into(), velocity);
    file.metadata.clear();
    assert!(refused(&file, "{}").message().contains("does not say what it holds"));
}

#[test]
fn a_cut_file_leaves_the_network_as_it_was() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("w.safetensors"));
    let mut net = trained(&ctx);
    saved(&net, &path, SaveKind::CHECKPOINT, &ctx);
    let (pixels, whole) = (scene::noise(3, 4), std::fs::read(&path).expect("a file"));
    let reference = scene::embed(&mut net, &pixels, &ctx);
    for kept in [0, 7, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..kept]).expect("a file");
        let error = net.load(&path, &ctx).expect_err("a cut file");
        assert_eq!(error.kind(), ErrorKind::DATA, "{error}");
        assert_eq!(scene::embed(&mut net, &pixels, &ctx), reference);
    }
    let missing = net.load(&folder.path().join("none"), &ctx).expect_err("no file");
    assert_eq!(missing.kind(), ErrorKind::IO);
    let unwritable = net
        .save(&folder.path().join("none/w"), SaveKind::WEIGHTS, &ctx)
        .expect_err("no folder");
    assert_eq!(unwritable.kind(), ErrorKind::IO);
}

#[test]
fn iresnet18_at_full_size_is_saved_whole() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("r18.safetensors"));
    let mut net = IResNet::configure(serde_json::from_str(r#"{"depth":18}"#).expect("JSON")).expect("iresnet18");
    net.initialise(10, 1, &ctx).expect("new weights");
    let file = saved(&net, &path, SaveKind::WEIGHTS, &ctx);
    let parameters = file
        .tensors
        .iter()
        .filter(|(k, _)| k.ends_with(".weight") || k.ends_with(".bias"));
    assert_eq!(
        parameters
            .map(|(_, e)| e.shape.iter().product::<usize>())
            .sum::<usize>(),
        24_025_600
    );
    assert_eq!(file.tensors.len(), 187);
}
