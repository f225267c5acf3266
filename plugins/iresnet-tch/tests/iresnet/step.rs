//! What a step asks of the loss, and what it does with the answer.

use ficta_core::{Backbone, Ctx, Error, Loss, LossGradient, LossInput, Result, SaveKind, testing::RecordingHost};

use crate::{scene, tensor_file::TensorFile};

/// A loss of the embeddings' norms: their mean, times `factor`.
struct MeanNorm {
    factor: f32,
    seen_steps: Vec<u64>,
}

impl Loss for MeanNorm {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        let norms = input.norms.as_slice::<f32>()?;
        self.seen_steps.push(input.step);
        gradient
            .norms
            .as_mut_slice::<f32>()?
            .fill(self.factor / norms.len() as f32);
        gradient.cosines.as_mut_slice::<f32>()?.fill(0.0);
        Ok(f64::from(self.factor * norms.iter().sum::<f32>()) / norms.len() as f64)
    }
}

/// Fails, after the forward pass has been made.
struct Broken(fn() -> Result<f64>);

impl Loss for Broken {
    fn evaluate(&mut self, _: &LossInput<'_>, _: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        (self.0)()
    }
}

/// By the first-order expansion: a plain gradient step of rate r lowers the loss by r |g|^2. The first step's velocity is g.
#[test]
fn gradients_on_norms_are_followed() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("checkpoint.safetensors"));
    let mut net = scene::net(r#"{"weight_decay":0.0,"clip_norm":0.0,"momentum":0.0}"#);
    net.initialise(scene::CLASSES, 3, &ctx).expect("new weights");
    let pixels = scene::noise(6, 1);
    let mut loss = MeanNorm {
        factor: 1.0,
        seen_steps: vec![],
    };
    let rate = 1e-4;
    let mut step = |net: &mut dyn Backbone| {
        net.train_step(
            scene::images(&pixels),
            scene::labels(&[0, 1, 2, 3, 4, 0]),
            &mut loss,
            rate,
            &ctx,
        )
        .expect("a step")
    };
    let before = step(&mut net);
    net.save(&path, SaveKind::CHECKPOINT, &ctx).expect("a checkpoint");
    let after = step(&mut net);
    let file = TensorFile::read(&path);
    let velocities = file
        .tensors
        .iter()
        .filter(|(k, _)| k.starts_with("sgd.momentum_buffer."));
    let squares = velocities.map(|(k, v)| (k, v.f32().iter().map(|g| f64::from(*g).powi(2)).sum::<f64>()));
    let squares: Vec<_> = squares.collect();
    let expected = rate * squares.iter().map(|(_, s)| s).sum::<f64>();
    assert!(
        squares.iter().any(|(k, s)| k.ends_with("head.weight") && *s == 0.0),
        "norms do not depend on the head"
    );
    assert!(
        expected > 1e-4 * before,
        "too small a step to measure: {expected} of {before}"
    );
    assert!(
        (before - after - expected).abs() < 0.05 * expected,
        "from {before} to {after}, expected {expected} less"
    );
    assert_eq!(loss.seen_steps, [0, 1]);
}

#[test]
fn a_failed_step_changes_nothing() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let mut net = scene::net("{}");
    net.initialise(scene::CLASSES, 3, &ctx).expect("new weights");
    scene::train(&mut net, 0, 2, &ctx);
    let file = |net: &dyn Backbone, name: &str| {
        let path = folder.path().join(name);
        net.save(&path, SaveKind::CHECKPOINT, &ctx).expect("a checkpoint");
        TensorFile::read(&path).tensors
    };
    let before = file(&net, "before.safetensors");
    let pixels = scene::noise(6, 1);
    for (mut loss, part) in [
        (
            Broken(|| Err(Error::data("no such margin"))),
            "loss of step 2: no such margin",
        ),
        (Broken(|| Ok(f64::NAN)), "the loss of step 2 is NaN"),
    ] {
        let error = net
            .train_step(
                scene::images(&pixels),
                scene::labels(&[0, 1, 2, 3, 4, 0]),
                &mut loss,
                0.02,
                &ctx,
            )
            .expect_err(part);
        assert!(error.message().contains(part), "{error}");
        assert!(
            before == file(&net, "after.safetensors"),
            "{part}: the network has changed"
        );
    }
}

#[test]
fn dropout_drops_by_seed_and_step() {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let run = |overrides: &str, seed| {
        let mut net = scene::net(overrides);
        net.initialise(scene::CLASSES, seed, &ctx).expect("new weights");
        scene::train(&mut net, 0, 2, &ctx)
    };
    let (without, with) = (run("{}", 5), run(r#"{"dropout":0.4}"#, 5));
    assert_ne!(without, with);
    assert_eq!(with, run(r#"{"dropout":0.4}"#, 5));
}

#[test]
fn channels_last_bf16_stays_near_f32() {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let run = |precision: &str| {
        let mut net = scene::net(&format!(r#"{{"precision":"{precision}","clip_norm":5.0}}"#));
        net.initialise(scene::CLASSES, 5, &ctx).expect("new weights");
        let losses = scene::train(&mut net, 0, 1, &ctx);
        (losses[0], scene::embed(&mut net, &scene::noise(6, 9), &ctx))
    };
    let ((exact, reference), (rough, found)) = (run("f32"), run("bf16"));
    assert_ne!(exact, rough, "bf16 was not used");
    assert!(
        (exact - rough).abs() < 0.05 * exact,
        "loss {rough} in bf16, {exact} in f32"
    );
    let cosine = |a: &[f32], b: &[f32]| {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    for (a, b) in reference.chunks(scene::DIM).zip(found.chunks(scene::DIM)) {
        assert!(cosine(a, b) > 0.99, "{a:?} {b:?}");
    }
}
