//! New weights, by the rules of `arcface_torch`: `backbones/iresnet.py`, `backbones/mobilefacenet.py` (`_initialize_weights`), `partial_fc_v2.py`, and
//! PyTorch's defaults for what these leave alone.

use std::collections::BTreeMap;

use ficta_core::{Backbone, Configure, Ctx, testing::RecordingHost};
use ficta_iresnet_tch::{IResNet, MobileFaceNet};
use safetensors::Dtype;

use crate::{reference::checkpoint, tensor_file::Entry};

/// How a tensor starts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// Normal with mean 0 and this deviation.
    Normal(f64),
    /// Uniform between minus this and this.
    Uniform(f64),
    /// All the same.
    Constant(f64),
}

/// Probabilities of the standard normal distribution below some values.
const NORMAL: [(f64, f64); 7] = [
    (-2.0, 0.022_750),
    (-1.0, 0.158_655),
    (-0.5, 0.308_538),
    (0.0, 0.5),
    (0.5, 0.691_462),
    (1.0, 0.841_345),
    (2.0, 0.977_250),
];

/// The same of the uniform distribution on -1 to 1.
const UNIFORM: [(f64, f64); 5] = [(-0.9, 0.05), (-0.5, 0.25), (0.0, 0.5), (0.5, 0.75), (0.9, 0.95)];

/// Mean, deviation and distribution, each within five times its standard error.
fn assert_follows(name: &str, values: &[f32], rule: Rule) {
    let (unit, deviation, kurtosis, quantiles) = match rule {
        Rule::Constant(c) => {
            assert!(values.iter().all(|v| f64::from(*v) == c), "{name}: expected {c}");
            return;
        }
        Rule::Normal(deviation) => (deviation, 1.0, 3.0, &NORMAL[..]),
        Rule::Uniform(bound) => (bound, 1.0 / 3f64.sqrt(), 1.8, &UNIFORM[..]),
    };
    let n = values.len() as f64;
    let units: Vec<f64> = values.iter().map(|v| f64::from(*v) / unit).collect();
    let mean = units.iter().sum::<f64>() / n;
    let spread = (units.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n).sqrt();
    assert!(
        mean.abs() <= 5.0 * deviation / n.sqrt(),
        "{name}: mean {mean}, in units of {unit}"
    );
    assert!(
        (spread / deviation - 1.0).abs() <= 5.0 * ((kurtosis - 1.0) / (4.0 * n)).sqrt(),
        "{name}: deviation {spread}, expected {deviation}, in units of {unit}"
    );
    for (at, p) in quantiles {
        let share = units.iter().filter(|u| *u < at).count() as f64 / n;
        assert!(
            (share - p).abs() <= 5.0 * (p * (1.0 - p) / n).sqrt() + 1.0 / n,
            "{name}: {share} of the values lie below {at}, expected {p}, in units of {unit}"
        );
    }
    if let Rule::Uniform(_) = rule {
        let most = units.iter().fold(0f64, |m, u| m.max(u.abs()));
        // One rounding to f32 past the bound; the largest of n lies 1/n below it on average.
        assert!(
            (1.0 - 20.0 / n..=1.0 + 1e-7).contains(&most),
            "{name}: largest {most}, in units of {unit}"
        );
    }
}

/// Checks a new network's checkpoint, tensor by tensor; counts those of each kind of rule: normal, uniform, constant.
fn assert_initial(net: &mut dyn Backbone, classes: usize, rule: impl Fn(&str, &[usize]) -> Rule) -> [usize; 3] {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let ctx = Ctx::new(&host);
    net.initialise(classes, 1, &ctx).expect("new weights");
    let all: BTreeMap<String, Entry> = checkpoint(net, &folder.path().join("new"), &ctx)
        .tensors
        .into_iter()
        .filter(|(k, _)| !k.starts_with("sgd."))
        .collect();
    let mut counts = [0; 3];
    let mut drawn: Vec<&Entry> = Vec::new();
    for (name, entry) in &all {
        if entry.dtype == Dtype::I64 {
            assert_eq!(entry.i64(), [0], "{name}");
            continue;
        }
        let rule = rule(name, &entry.shape);
        assert_follows(name, &entry.f32(), rule);
        let kind = match rule {
            Rule::Normal(_) => 0,
            Rule::Uniform(_) => 1,
            Rule::Constant(_) => 2,
        };
        counts[kind] += 1;
        if kind < 2 {
            assert!(!drawn.contains(&entry), "{name} has the values of another tensor");
            drawn.push(entry);
        }
    }
    counts
}

/// What norms and slopes start from.
fn constant(name: &str, is_slope: bool) -> Rule {
    match name {
        _ if is_slope => Rule::Constant(0.25),
        n if n.ends_with("weight") || n.ends_with("running_var") => Rule::Constant(1.0),
        _ => Rule::Constant(0.0),
    }
}

/// More outputs than inputs in the linear layer, so that fan-in and fan-out differ.
#[test]
fn iresnet() {
    let params = r#"{"blocks":[1,2,1,1],"input_size":16,"dim":4096}"#;
    let mut net = IResNet::configure(serde_json::from_str(params).expect("JSON")).expect("a network");
    let counts = assert_initial(&mut net, 100, |name, shape| match (name, shape.len()) {
        ("head.weight", _) => Rule::Normal(0.01),
        // PyTorch's default for a linear layer.
        ("fc.weight" | "fc.bias", _) => Rule::Uniform(1.0 / 512f64.sqrt()),
        (_, 4) => Rule::Normal(0.1),
        _ => constant(name, name.ends_with("prelu.weight")),
    });
    // The head, the stem's convolution, two of each of five blocks and four shortcuts.
    assert_eq!(counts[..2], [1 + 1 + 10 + 4, 2]);
}

#[test]
fn mobilefacenet() {
    let mut net = MobileFaceNet::configure(serde_json::from_str("{}").expect("JSON")).expect("the defaults");
    let fan_out = |outputs: usize| Rule::Normal((2.0 / outputs as f64).sqrt());
    let counts = assert_initial(&mut net, 100, |name, shape| match (name, shape) {
        ("head.weight", _) => Rule::Normal(0.01),
        // `kaiming_normal_` counts output channels and the filter's positions, whatever the groups.
        (_, [outputs, _, height, width]) => fan_out(outputs * height * width),
        (_, [outputs, _]) => fan_out(*outputs),
        _ => constant(name, name.ends_with("layers.2.weight")),
    });
    // The head, the linear layer, and the convolutions: stem, second, three a bottleneck, conv_sep and the last, depthwise one.
    assert_eq!(counts[..2], [1 + 1 + 2 + 3 * (3 + 4 + 6 + 2) + 2, 0]);
}
