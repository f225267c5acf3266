//! Initial weights and layers.

use ficta_tch_bridge::{Conv2d, GroupNorm, Initialiser, Linear, Parameters, Precision, Start, channels_last};
use tch::{Device, Kind, Tensor};

fn flat(t: &Tensor) -> Vec<f32> {
    Vec::try_from(t.detach().to_kind(Kind::Float).contiguous().flatten(0, -1)).unwrap()
}

#[test]
fn defaults_have_pytorchs_bound() {
    let mut p = Parameters::new();
    Conv2d::new(&mut p, Initialiser::new(1), "conv", [16, 32], 3, 1, Start::FanIn).unwrap();
    Linear::new(&mut p, Initialiser::new(1), "linear", [100, 50], Start::FanIn).unwrap();
    for (name, fan_in) in [
        ("conv.weight", 144.0f32),
        ("conv.bias", 144.0),
        ("linear.weight", 100.0),
        ("linear.bias", 100.0),
    ] {
        let values = flat(p.get(p.find(name).unwrap()));
        let (bound, largest) = (fan_in.sqrt().recip(), values.iter().fold(0f32, |m, v| m.max(v.abs())));
        assert!(largest <= bound && largest > 0.9 * bound, "{name}: {largest} {bound}");
        let variance = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
        // Of a uniform distribution: bound^2 / 3. Four standard errors for the fewest values, 32.
        assert!(
            (variance * 3.0 / bound.powi(2) - 1.0).abs() < 0.65,
            "{name}: {variance}"
        );
    }
}

#[test]
fn weights_depend_on_seed_and_name_alone() {
    let draw = |seed, name: &str| flat(&Initialiser::new(seed).normal(name, &[3, 3], 0.1).unwrap());
    let reference = draw(1, "a");
    assert_eq!(draw(1, "a"), reference);
    assert_ne!(draw(1, "b"), reference);
    assert_ne!(draw(2, "a"), reference);
}

#[test]
fn convolutions_in_bf16_are_near_those_in_f32_and_give_f32_gradients() {
    let mut p = Parameters::new();
    let draw = Initialiser::new(3);
    let conv = Conv2d::new(&mut p, draw, "conv", [8, 16], 3, 2, Start::FanIn).unwrap();
    let x = draw.normal("x", &[2, 8, 6, 6], 1.0).unwrap();
    let mut found = [Kind::Float, Kind::BFloat16].map(|kind| {
        let out = conv.forward(p.tensors(), &x, kind).unwrap();
        assert_eq!((out.kind(), out.size()), (kind, vec![2, 16, 3, 3]));
        let gradients = p.gradients(&out.square().mean(Kind::Float)).unwrap();
        assert!(gradients.iter().all(|g| g.kind() == Kind::Float));
        [flat(&out), flat(&gradients[0]), flat(&gradients[1])]
    });
    for (exact, rounded) in std::mem::take(&mut found[0]).iter().zip(&found[1]) {
        let scale = exact.iter().fold(0f32, |m, v| m.max(v.abs()));
        let error = exact.iter().zip(rounded).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        // bf16 keeps 8 bits; the two must differ, or nothing was rounded.
        assert!(error > 0.0 && error < 0.02 * scale, "{error} of {scale}");
    }
}

#[test]
fn group_norm_takes_bf16_with_f32_weights() {
    let mut p = Parameters::new();
    let norm = GroupNorm::new(&mut p, Initialiser::new(1), "norm", 8, 2).unwrap();
    let x = Initialiser::new(1).normal("x", &[4, 8, 5, 5], 3.0).unwrap();
    let exact = norm.forward(p.tensors(), &x).unwrap();
    let rounded = norm.forward(p.tensors(), &x.to_kind(Kind::BFloat16)).unwrap();
    assert_eq!(rounded.kind(), Kind::BFloat16);
    let error = flat(&exact)
        .iter()
        .zip(flat(&rounded))
        .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(error < 0.03, "{error}");
    let group = exact.reshape([4, 2, -1]);
    assert!(
        flat(&group.mean_dim(2, false, Kind::Float))
            .iter()
            .all(|m| m.abs() < 1e-5)
    );
}

#[test]
fn precision_follows_the_setting() {
    assert_eq!(Precision::F32.compute_kind(Device::Cpu), Kind::Float);
    assert_eq!(Precision::Bf16.compute_kind(Device::Cpu), Kind::BFloat16);
    assert!([Kind::Float, Kind::BFloat16].contains(&Precision::Auto.compute_kind(Device::Cpu)));
    assert_eq!(Precision::Auto.compute_kind(Device::Cuda(0)), Kind::BFloat16);
    assert_eq!(Precision::F32.compute_kind(Device::Cuda(0)), Kind::Float);
}

#[test]
fn zero_starts_are_zero() {
    let mut p = Parameters::new();
    Conv2d::new(&mut p, Initialiser::new(1), "conv", [4, 4], 1, 1, Start::Zero).unwrap();
    assert!(p.tensors().iter().all(|t| flat(t).iter().all(|v| *v == 0.0)));
}

/// With 4 channels oneDNN's own kernel wrote past its workspace on AVX2.
#[test]
fn filters_of_one_pixel_with_a_stride_are_products_of_every_second_pixel() {
    for channels in [4, 24] {
        let mut p = Parameters::new();
        let draw = Initialiser::new(5);
        let conv = Conv2d::new(&mut p, draw, "conv", [channels, 6], 1, 2, Start::FanIn).unwrap();
        let x = draw.normal("x", &[6, channels, 20, 20], 1.0).unwrap();
        let x = channels_last::copy(&x, Kind::Float, Device::Cpu).unwrap();
        let out = conv.forward(p.tensors(), &x, Kind::Float).unwrap();
        assert_eq!(out.size(), [6, 6, 10, 10]);
        let found = p.gradients(&out.square().sum(Kind::Float)).unwrap();

        let rows = x.slice(2, None, None, 2).slice(3, None, None, 2);
        let rows = rows.permute([0, 2, 3, 1]).reshape([600, channels]);
        let [weight, bias] = [0, 1].map(|i| p.tensors()[i].detach());
        let product = rows.matmul(&weight.reshape([6, channels]).tr()) + bias;
        let gradient = (&product * 2.0).tr().matmul(&rows);
        let close = |ours: &Tensor, theirs: &Tensor| {
            let error = (ours.detach() - theirs).abs().max().double_value(&[]);
            let scale = theirs.abs().max().double_value(&[]);
            assert!(error < 1e-5 * scale, "{channels} channels: {error} of {scale}");
        };
        close(&out.permute([0, 2, 3, 1]).reshape([600, 6]), &product);
        close(&found[0].reshape([6, channels]), &gradient);
    }
}
