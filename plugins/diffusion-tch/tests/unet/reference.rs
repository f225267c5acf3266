//! Against an independent network in PyTorch: tests/fixtures/make_unet_reference.py.

use std::path::Path;

use ficta_core::{
    Configure, Ctx, Denoiser, TensorMut, TensorRef,
    testing::{RecordingHost, assert_close},
};
use ficta_diffusion_tch::{Params, UnetDenoiser};
use ficta_tch_bridge::{Precision, Saved};
use tch::{Kind, Tensor};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/unet_reference.safetensors");

fn floats(saved: &Saved, name: &str) -> Vec<f32> {
    let t: &Tensor = saved.get(&format!("reference.{name}")).unwrap();
    Vec::try_from(t.to_kind(Kind::Float).flatten(0, -1)).unwrap()
}

fn answers(precision: Precision) -> [(Vec<f32>, Vec<f32>); 2] {
    let params = Params {
        resolution: 16,
        channels: 1,
        base_width: 8,
        multipliers: vec![1, 2],
        attention_levels: vec![1],
        attention_heads: 2,
        norm_groups: 4,
        precision,
        ..Params::default()
    };
    let host = RecordingHost::new(0).with_threads(2);
    let ctx = Ctx::new(&host);
    let mut unet = UnetDenoiser::configure(params).unwrap();
    unet.load(Path::new(FILE), &ctx).unwrap();
    let saved = Saved::read(Path::new(FILE)).unwrap();
    let (x, condition) = (floats(&saved, "x_t"), floats(&saved, "condition"));
    let t = [0i64, 417, 999];
    let mut ask = |condition: Option<TensorRef<'_>>| {
        let mut out = vec![f32::NAN; x.len()];
        let shape = [3, 1, 16, 16];
        let x = TensorRef::new(&x, &shape).unwrap();
        let t = TensorRef::new(&t, &[3]).unwrap();
        unet.predict(x, t, condition, TensorMut::new(&mut out, &shape).unwrap(), &ctx)
            .unwrap();
        out
    };
    let with = ask(Some(TensorRef::new(&condition, &[3, 6]).unwrap()));
    let without = ask(None);
    [
        (with, floats(&saved, "out")),
        (without, floats(&saved, "unconditional")),
    ]
}

#[test]
fn forward_is_pytorchs() {
    for (ours, theirs) in answers(Precision::F32) {
        assert_close(&ours, &theirs, 1e-4, 1e-4);
        assert!(theirs.iter().any(|v| v.abs() > 0.5), "a reference that says something");
    }
}

#[test]
fn bf16_is_near_it() {
    for (ours, theirs) in answers(Precision::Bf16) {
        let rms = |values: &mut dyn Iterator<Item = f32>| {
            (values.map(|v| f64::from(v).powi(2)).sum::<f64>() / ours.len() as f64).sqrt()
        };
        let error = rms(&mut ours.iter().zip(&theirs).map(|(a, b)| a - b));
        assert!(
            error < 0.02 * rms(&mut theirs.iter().copied()) && error > 0.0,
            "{error}"
        );
    }
}

#[test]
fn the_two_answers_differ() {
    let [(with, _), (without, _)] = answers(Precision::F32);
    assert!(with.iter().zip(&without).any(|(a, b)| (a - b).abs() > 0.05));
}
