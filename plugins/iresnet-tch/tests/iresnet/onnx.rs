//! ONNX models. `fixtures/check_onnx.py` shows that onnxruntime computes PyTorch's embeddings from the committed files; here we write those bytes.

use std::path::{Path, PathBuf};

use ficta_core::{Backbone, Ctx, ErrorKind, SaveKind, testing::RecordingHost};

use crate::{
    mobilefacenet,
    reference::{fixture_file, load_fixture},
    scene,
};

fn is_the_checked_one(net: &mut dyn Backbone, name: &str) {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("net.onnx"));
    load_fixture(net, &fixture_file(&format!("{name}.safetensors")), folder.path(), &ctx);
    net.save(&path, SaveKind::ONNX, &ctx).expect("a model");
    let bytes = std::fs::read(&path).expect("a file");
    let committed: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(format!("{name}.onnx"));
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&committed, &bytes).expect("a writable folder");
    }
    let checked = std::fs::read(&committed).expect("a fixture");
    assert!(
        bytes == checked,
        "run check_onnx.py on the new bytes, then UPDATE_FIXTURES=1"
    );
}

#[test]
fn iresnet_is_written_as_checked() {
    is_the_checked_one(&mut scene::net("{}"), "tiny_iresnet");
}

#[test]
fn mobilefacenet_is_written_as_checked() {
    is_the_checked_one(&mut mobilefacenet::net(), "tiny_mobilefacenet");
}

#[test]
fn nothing_is_left_where_it_cannot_be_written() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let mut net = scene::net("{}");
    let path = folder.path().join("none/net.onnx");
    assert_eq!(
        net.save(&path, SaveKind::ONNX, &ctx).expect_err("no weights").kind(),
        ErrorKind::CONFIG
    );
    net.initialise(scene::CLASSES, 1, &ctx).expect("new weights");
    assert_eq!(
        net.save(&path, SaveKind::ONNX, &ctx).expect_err("no folder").kind(),
        ErrorKind::IO
    );
}
