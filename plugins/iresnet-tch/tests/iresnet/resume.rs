//! Going on with the same bytes.

use ficta_core::{Backbone, Ctx, SaveKind, testing::RecordingHost};

use crate::scene;

fn bytes(net: &dyn Backbone, what: SaveKind, ctx: &Ctx<'_>) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("net.safetensors");
    net.save(&path, what, ctx).expect("a file");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1,
        "something was left beside the file"
    );
    std::fs::read(&path).expect("a file")
}

fn resumed_equals_uninterrupted(overrides: &str) {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("checkpoint.safetensors"));
    let mut whole = scene::net(overrides);
    whole.initialise(scene::CLASSES, 7, &ctx).expect("new weights");
    let losses = scene::train(&mut whole, 0, 6, &ctx);

    let mut first = scene::net(overrides);
    first.initialise(scene::CLASSES, 7, &ctx).expect("new weights");
    let mut pieces = scene::train(&mut first, 0, 3, &ctx);
    first.save(&path, SaveKind::CHECKPOINT, &ctx).expect("a checkpoint");
    let mut second = scene::net(overrides);
    second.load(&path, &ctx).expect("a checkpoint");
    pieces.extend(scene::train(&mut second, 3, 3, &ctx));

    assert_eq!(losses, pieces);
    assert!(bytes(&whole, SaveKind::CHECKPOINT, &ctx) == bytes(&second, SaveKind::CHECKPOINT, &ctx));
    assert!(bytes(&whole, SaveKind::WEIGHTS, &ctx) == bytes(&second, SaveKind::WEIGHTS, &ctx));
    let pixels = scene::noise(5, 9);
    assert_eq!(
        scene::embed(&mut whole, &pixels, &ctx),
        scene::embed(&mut second, &pixels, &ctx)
    );
}

#[test]
fn three_and_three_steps_are_six() {
    resumed_equals_uninterrupted("{}");
}

#[test]
fn in_bf16_with_dropout_too() {
    resumed_equals_uninterrupted(r#"{"precision":"bf16","dropout":0.3}"#);
}

#[test]
fn with_an_average_too() {
    resumed_equals_uninterrupted(r#"{"ema_decay":0.9}"#);
}

#[test]
fn the_seed_alone_decides() {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let run = |seed| {
        let mut net = scene::net("{}");
        net.initialise(scene::CLASSES, seed, &ctx).expect("new weights");
        bytes(&net, SaveKind::CHECKPOINT, &ctx)
    };
    assert!(run(1) == run(1));
    assert!(run(1) != run(2));
}

#[test]
fn training_on_two_threads_repeats_itself() {
    let host = RecordingHost::new(0).with_threads(2);
    let ctx = Ctx::new(&host);
    let run = || {
        let mut net = scene::net(r#"{"widths":[16,16,32,32,64],"precision":"bf16"}"#);
        net.initialise(scene::CLASSES, 1, &ctx).expect("new weights");
        scene::train(&mut net, 0, 4, &ctx);
        bytes(&net, SaveKind::CHECKPOINT, &ctx)
    };
    assert!(run() == run());
}
