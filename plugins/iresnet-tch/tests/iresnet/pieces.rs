//! A step in pieces: one batch for the loss, several for batch normalisation.

use ficta_core::{Backbone, Ctx, Loss, LossGradient, LossInput, Result, SaveKind, testing::RecordingHost};

use crate::{
    reference::{checkpoint, fixture, loaded},
    scene,
};

/// CosFace that remembers how many rows it saw at each call.
struct Counting<L> {
    inner: L,
    rows: Vec<usize>,
}

impl<L: Loss> Loss for Counting<L> {
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        self.rows.push(input.labels.shape()[0]);
        self.inner.evaluate(input, gradient, ctx)
    }
}

/// Weight of the newest batch in running statistics.
const MOMENTUM: f64 = 0.1;

/// Values of a channel that a batch normalisation of [`scene::TINY`] sees of each image.
fn positions(name: &str) -> f64 {
    let parts: Vec<&str> = name.split('.').collect();
    let halved = |times: usize| scene::SIZE.div_ceil(1 << times).pow(2) as f64;
    match parts[..] {
        ["features", ..] => 1.0,
        ["bn1", ..] => halved(0),
        ["bn2", ..] => halved(4),
        [layer, block, norm, ..] => {
            let layer: usize = layer
                .strip_prefix("layer")
                .expect("a layer")
                .parse()
                .expect("its number");
            // A layer's first block halves at its second convolution.
            halved(if block == "0" && ["bn1", "bn2"].contains(&norm) {
                layer - 1
            } else {
                layer
            })
        }
        _ => panic!("no batch normalisation: {name}"),
    }
}

/// What two pieces of three equal images leave, by what the six in one left: each piece moves the statistics once, and its variance is unbiased by the
/// number of its own values.
fn after_two_pieces(name: &str, one: &[f32]) -> Vec<f64> {
    let kept = 1.0 - MOMENTUM;
    let (start, factor) = match name.ends_with("running_var") {
        false => (0.0, 1.0),
        true => {
            let unbiased = |n: f64| n / (n - 1.0);
            (1.0, unbiased(3.0 * positions(name)) / unbiased(6.0 * positions(name)))
        }
    };
    let twice = |v: &f32| {
        let batch = factor * (f64::from(*v) - kept * start) / MOMENTUM;
        kept * (kept * start + MOMENTUM * batch) + MOMENTUM * batch
    };
    one.iter().map(twice).collect()
}

/// Six images of which the last three are the first three: the statistics of three are those of six, so that steps in one piece and in two agree in
/// everything but the counters and the running statistics, which each piece moves.
#[test]
fn two_pieces_of_one_distribution_are_one_batch() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let half = scene::noise(3, 5);
    let pixels = [half.clone(), half].concat();
    let run = |overrides: &str, name: &str| {
        let mut net = scene::net(overrides);
        net.initialise(scene::CLASSES, 4, &ctx).expect("new weights");
        let mut loss = Counting {
            inner: scene::cosface(),
            rows: Vec::new(),
        };
        let labels = [0, 3, 1, 4, 2, 3];
        let value = net
            .train_step(scene::images(&pixels), scene::labels(&labels), &mut loss, 0.01, &ctx)
            .expect("a step");
        assert_eq!(loss.rows, [6], "the loss sees the whole batch, once");
        (value, checkpoint(&net, &folder.path().join(name), &ctx))
    };
    let (whole, one) = run("{}", "one");
    let (parts, two) = run(r#"{"train_micro_batch":3}"#, "two");
    assert!((whole - parts).abs() < 1e-5 * whole, "{whole} and {parts}");
    for (name, tensor) in &one.tensors {
        match name {
            n if n.ends_with("running_var") || n.ends_with("running_mean") => {
                let (expected, found) = (after_two_pieces(n, &tensor.f32()), two.tensors[n].f32());
                for (e, f) in expected.iter().zip(found) {
                    assert!(
                        (e - f64::from(f)).abs() <= 2e-5 * e.abs().max(0.1),
                        "{n}: {f}, expected {e}"
                    );
                }
            }
            n if n.ends_with("num_batches_tracked") => {
                assert_eq!((tensor.i64(), two.tensors[n].i64()), (vec![1], vec![2]))
            }
            n => {
                // Gradients are sums that cancel: their rounding is that of the tensor's largest.
                let (a, b) = (tensor.f32(), two.tensors[n].f32());
                let largest = a.iter().fold(0f32, |m, v| m.max(v.abs()));
                let worst = a.iter().zip(&b).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
                assert!(worst <= 1e-4 * largest.max(0.1), "{n}: off by {worst} of {largest}");
            }
        }
    }
}

/// On other batches, the pieces' statistics differ from the whole's, and so do the gradients.
#[test]
fn pieces_have_statistics_of_their_own() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture());
    let pixels = fixture.tensors["images"].f32();
    let mut values = Vec::new();
    for size in [0, 6, 3] {
        let net = loaded(&fixture, folder.path(), &ctx);
        let path = folder.path().join("start");
        net.save(&path, SaveKind::CHECKPOINT, &ctx).expect("a checkpoint");
        let mut net = scene::net(&format!(r#"{{"train_micro_batch":{size}}}"#));
        net.load(&path, &ctx).expect("a checkpoint");
        let labels = scene::labels(&[0, 3, 1, 4, 2, 3]);
        let mut step = || {
            net.train_step(scene::images(&pixels), labels, &mut scene::cosface(), 0.001, &ctx)
                .expect("a step")
        };
        values.push((step(), step()));
    }
    assert_eq!(values[0], values[1]);
    assert_ne!(values[0], values[2]);
}

#[test]
fn a_failed_step_in_pieces_leaves_the_network_as_it_was() {
    struct Broken;
    impl Loss for Broken {
        fn evaluate(&mut self, _: &LossInput<'_>, _: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
            Err(ficta_core::Error::data("no"))
        }
    }
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let mut net = scene::net(r#"{"train_micro_batch":2}"#);
    net.initialise(scene::CLASSES, 4, &ctx).expect("new weights");
    let before = checkpoint(&net, &folder.path().join("a"), &ctx);
    let pixels = scene::noise(6, 5);
    let labels = scene::labels(&[0, 3, 1, 4, 2, 3]);
    net.train_step(scene::images(&pixels), labels, &mut Broken, 0.01, &ctx)
        .expect_err("a loss that fails");
    assert!(checkpoint(&net, &folder.path().join("b"), &ctx).tensors == before.tensors);
}
