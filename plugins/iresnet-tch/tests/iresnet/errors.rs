//! Bad input.

use ficta_core::{Backbone, Ctx, Error, ErrorKind, SaveKind, TensorMut, TensorRef, testing::RecordingHost};
use ficta_iresnet_tch::IResNet;

use crate::scene::{self, SIZE};

fn ready(ctx: &Ctx<'_>) -> IResNet {
    let mut net = scene::net("{}");
    net.initialise(scene::CLASSES, 1, ctx).expect("new weights");
    net
}

fn step(net: &mut IResNet, images: TensorRef<'_>, labels: &[i64], rate: f64) -> Error {
    let host = RecordingHost::new(0);
    net.train_step(
        images,
        scene::labels(labels),
        &mut scene::cosface(),
        rate,
        &Ctx::new(&host),
    )
    .expect_err("bad input")
}

#[test]
fn what_a_step_refuses() {
    let host = RecordingHost::new(0);
    let net = &mut ready(&Ctx::new(&host));
    let pixels = scene::noise(2, 0);
    let good = scene::images(&pixels);
    let small = TensorRef::new(&pixels[..2 * 3 * 8 * 8], &[2, 3, 8, 8]).expect("images");
    let flat = TensorRef::new(&pixels, &[2, 3 * SIZE * SIZE]).expect("a matrix");
    let bytes = vec![0u8; pixels.len()];
    let bytes = TensorRef::new(&bytes, &[2, 3, SIZE, SIZE]).expect("images");
    let mut broken = pixels.clone();
    broken[3 * SIZE * SIZE + 5] = f32::NAN;
    let cases = [
        (step(net, small, &[0, 1], 0.1), ErrorKind::SHAPE),
        (step(net, flat, &[0, 1], 0.1), ErrorKind::SHAPE),
        (step(net, bytes, &[0, 1], 0.1), ErrorKind::SHAPE),
        (step(net, good, &[0, 1, 2], 0.1), ErrorKind::SHAPE),
        (step(net, good, &[0, 5], 0.1), ErrorKind::DATA),
        (step(net, good, &[-1, 0], 0.1), ErrorKind::DATA),
        (step(net, good.rows(0, 1).expect("a row"), &[0], 0.1), ErrorKind::DATA),
        (step(net, good, &[0, 1], f64::NAN), ErrorKind::CONFIG),
        (step(net, good, &[0, 1], -0.1), ErrorKind::CONFIG),
        (step(net, scene::images(&broken), &[0, 1], 0.1), ErrorKind::DATA),
    ];
    for (error, kind) in &cases {
        assert_eq!(error.kind(), *kind, "{error}");
    }
    let texts: Vec<String> = cases.iter().map(|(e, _)| e.to_string()).collect();
    insta::assert_snapshot!("what_a_step_refuses", texts.join("\n"));
}

#[test]
fn nothing_works_before_there_are_weights() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let (pixels, mut out) = (scene::noise(2, 0), vec![0f32; 2 * scene::DIM]);
    let mut net = scene::net("{}");
    let errors = [
        step(&mut net, scene::images(&pixels), &[0, 1], 0.1),
        net.embed(
            scene::images(&pixels),
            TensorMut::new(&mut out, &[2, scene::DIM]).expect("a buffer"),
            &ctx,
        )
        .expect_err("no weights"),
        net.save(&folder.path().join("w"), SaveKind::WEIGHTS, &ctx)
            .expect_err("no weights"),
    ];
    for error in errors {
        assert!(
            error.message().contains("yet") && error.help_text().is_some(),
            "{error}"
        );
    }
    assert_eq!(net.info().classes, 0);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    let error = net.initialise(1, 0, &ctx).expect_err("one class");
    assert!(error.message().contains("1 class"), "{error}");
}

#[test]
fn embed_refuses_what_does_not_fit() {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let mut net = ready(&ctx);
    let mut pixels = scene::noise(3, 0);
    let mut out = vec![0f32; 3 * scene::DIM];
    let wrong = TensorMut::new(&mut out[..2 * scene::DIM], &[2, scene::DIM]).expect("a buffer");
    assert_eq!(
        net.embed(scene::images(&pixels), wrong, &ctx)
            .expect_err("two rows for three images")
            .kind(),
        ErrorKind::SHAPE
    );
    pixels[2 * 3 * SIZE * SIZE] = f32::INFINITY;
    let right = TensorMut::new(&mut out, &[3, scene::DIM]).expect("a buffer");
    let error = net
        .embed(scene::images(&pixels), right, &ctx)
        .expect_err("an infinite pixel");
    assert!(error.message().contains("image 2"), "{error}");
}

#[test]
fn cancelled_and_split_runs_stop_before_the_step() {
    let host = RecordingHost::new(0).with_processes(2);
    let ctx = Ctx::new(&host);
    let mut net = ready(&ctx);
    let pixels = scene::noise(2, 0);
    let mut step = || {
        net.train_step(
            scene::images(&pixels),
            scene::labels(&[0, 1]),
            &mut scene::cosface(),
            0.1,
            &ctx,
        )
        .expect_err("no step")
    };
    assert_eq!(step().kind(), ErrorKind::UNSUPPORTED);
    host.cancel();
    assert_eq!(step().kind(), ErrorKind::CANCELLED);
}

#[test]
fn a_diverging_training_says_so() {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let mut net = scene::net(r#"{"clip_norm":0.0}"#);
    net.initialise(scene::CLASSES, 1, &ctx).expect("new weights");
    let pixels = scene::noise(6, 0);
    let mut run = || {
        net.train_step(
            scene::images(&pixels),
            scene::labels(&[0, 1, 2, 3, 4, 0]),
            &mut scene::cosface(),
            1e30,
            &ctx,
        )
    };
    let error = (0..5).find_map(|_| run().err()).expect("a rate of 1e30 diverges");
    assert_eq!(error.kind(), ErrorKind::DIVERGED, "{error}");
    assert!(
        error.help_text().is_some_and(|h| h.contains("learning rate")),
        "{error}"
    );
}
