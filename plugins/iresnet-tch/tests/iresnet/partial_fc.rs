//! Steps that judge some of the classes.

use ficta_core::{Backbone, Ctx, Loss, LossGradient, LossInput, Result, testing::RecordingHost};

use safetensors::Dtype;

use crate::{gradients::largest, reference::checkpoint, scene};

/// Remembers the classes and labels that it was asked for.
#[derive(Default)]
struct Asked(Vec<(usize, Vec<i64>)>);

impl Loss for Asked {
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        self.0
            .push((input.cosines.shape()[1], input.labels.as_slice::<i64>()?.to_vec()));
        scene::cosface().evaluate(input, gradient, ctx)
    }
}

#[test]
fn only_chosen_centres_move() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let mut net = scene::net(r#"{"sample_rate":0.25,"weight_decay":0.0}"#);
    net.initialise(40, 3, &ctx).expect("new weights");
    let head =
        |net: &dyn Backbone, name: &str| checkpoint(net, &folder.path().join(name), &ctx).tensors["head.weight"].f32();
    let before = head(&net, "before");
    let (pixels, mut asked) = (scene::noise(6, 1), Asked::default());
    let labels = [7, 39, 7, 0, 21, 38];
    let mut step = |net: &mut dyn Backbone| {
        net.train_step(scene::images(&pixels), scene::labels(&labels), &mut asked, 0.01, &ctx)
            .expect("a step")
    };
    let value = step(&mut net);
    assert!(value.is_finite());
    let after = head(&net, "after");
    let moved: Vec<usize> = (0..40)
        .filter(|c| before[c * scene::DIM..][..scene::DIM] != after[c * scene::DIM..][..scene::DIM])
        .collect();
    assert_eq!(moved.len(), 10, "{moved:?}");
    assert!([0, 7, 21, 38, 39].iter().all(|c| moved.contains(c)));
    step(&mut net);
    assert_eq!(
        asked.0.iter().map(|(classes, _)| *classes).collect::<Vec<_>>(),
        [10, 10]
    );
    let places: Vec<i64> = labels
        .iter()
        .map(|y| moved.iter().position(|m| *m as i64 == *y).expect("chosen") as i64)
        .collect();
    assert_eq!(asked.0[0].1, places);
}

#[test]
fn a_rate_of_one_is_the_full_head() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    let run = |overrides: &str| {
        let mut net = scene::net(overrides);
        net.initialise(scene::CLASSES, 3, &ctx).expect("new weights");
        (
            scene::train(&mut net, 0, 3, &ctx),
            checkpoint(&net, &folder.path().join("c"), &ctx).tensors,
        )
    };
    let (full, one) = (run("{}"), run(r#"{"sample_rate":1.0}"#));
    assert!(full == one);
    // Two of five by rate, but the batch has all five: the same classes in the same places, through the sampled path.
    let sampled = run(r#"{"sample_rate":0.4}"#);
    assert!(
        full.0
            .iter()
            .zip(&sampled.0)
            .all(|(a, b)| (a - b).abs() < 1e-6 * a.abs()),
        "{:?} {:?}",
        full.0,
        sampled.0
    );
    assert!(full.1.keys().eq(sampled.1.keys()));
    for (name, tensor) in &full.1 {
        let other = &sampled.1[name];
        if tensor.dtype == Dtype::I64 {
            assert_eq!(tensor, other, "{name}");
            continue;
        }
        let (a, b) = (tensor.f32(), other.f32());
        let differences: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let (worst, largest) = (largest(&differences), largest(&a));
        assert!(worst <= 1e-6 * largest, "{name}: off by {worst} of {largest}");
    }
}
