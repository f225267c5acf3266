//! The average of the weights.

use std::path::Path;

use ficta_core::{Backbone, Ctx, SaveKind, testing::RecordingHost};
use ficta_state_dict::StateDict;

use crate::scene;

const STEPS: u64 = 5;

fn trained(overrides: &str, steps: u64, ctx: &Ctx<'_>) -> ficta_iresnet_tch::IResNet {
    let mut net = scene::net(overrides);
    net.initialise(scene::CLASSES, 3, ctx).expect("new weights");
    scene::train(&mut net, 0, steps, ctx);
    net
}

fn saved(net: &dyn Backbone, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> StateDict {
    net.save(path, what, ctx).expect("a file");
    StateDict::read(path).expect("a state dict")
}

/// The weights after each step of a training without an average, averaged here in f64 by the formula, are the weights of one with it.
#[test]
fn is_that_of_the_weights_after_each_step_and_changes_no_step() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("net.safetensors"));
    let names = ["conv1.weight", "fc.bias", "bn1.running_var", "layer2.1.prelu.weight"];
    let of = |dict: &StateDict| -> Vec<Vec<f64>> {
        let values = |name: &&str| {
            dict.get(name)
                .expect("it is there")
                .values
                .iter()
                .map(|v| f64::from(*v))
                .collect()
        };
        names.iter().map(values).collect()
    };
    let decay = 0.3;
    let mut expected = of(&saved(&trained("{}", 0, &ctx), &path, SaveKind::WEIGHTS, &ctx));
    for step in 1..=STEPS {
        let weights = of(&saved(&trained("{}", step, &ctx), &path, SaveKind::WEIGHTS, &ctx));
        let d = f64::min(decay, (1 + step) as f64 / (10 + step) as f64);
        for (mean, now) in expected.iter_mut().flatten().zip(weights.iter().flatten()) {
            *mean += (1.0 - d) * (now - *mean);
        }
    }
    let mut with = trained(r#"{"ema_decay":0.3}"#, STEPS, &ctx);
    let found = of(&saved(&with, &path, SaveKind::WEIGHTS, &ctx));
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!(
            (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
            "{found}, expected {expected}"
        );
    }

    // What is trained is the same with and without; what is embedded with is what is saved.
    let pixels = scene::noise(3, 9);
    let embedded = scene::embed(&mut with, &pixels, &ctx);
    let mut loaded = scene::net("{}");
    loaded.load(&path, &ctx).expect("weights");
    assert_eq!(scene::embed(&mut loaded, &pixels, &ctx), embedded);
    let checkpoint = saved(&with, &path, SaveKind::CHECKPOINT, &ctx);
    let plain = saved(&trained("{}", STEPS, &ctx), &path, SaveKind::CHECKPOINT, &ctx);
    for name in plain.names() {
        assert_eq!(plain.get(name), checkpoint.get(name), "{name}");
    }
    assert!(plain.names().all(|name| !name.starts_with("ema.")));
}

#[test]
fn begins_where_a_checkpoint_has_none_and_is_left_where_nobody_wants_it() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, path) = (Ctx::new(&host), folder.path().join("net.safetensors"));
    let pixels = scene::noise(3, 9);
    for (wrote, reads) in [("{}", r#"{"ema_decay":0.9}"#), (r#"{"ema_decay":0.9}"#, "{}")] {
        let mut net = trained(wrote, 3, &ctx);
        net.save(&path, SaveKind::CHECKPOINT, &ctx).expect("a checkpoint");
        let mut other = scene::net(reads);
        other.load(&path, &ctx).expect("a checkpoint");
        let mut plain = trained("{}", 3, &ctx);
        assert_eq!(
            scene::embed(&mut other, &pixels, &ctx),
            scene::embed(&mut plain, &pixels, &ctx),
            "{wrote} read by {reads}: the weights in training"
        );
        scene::train(&mut other, 3, 1, &ctx);
        scene::train(&mut net, 3, 1, &ctx);
    }
}
