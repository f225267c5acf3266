//! Losses with running statistics, norms, or several margins: against PyTorch's autograd (`fixtures/adaptive_losses.py`), and what they keep.

use ficta_core::{
    Ctx, ErrorKind, Loss, NullHost, static_components,
    testing::{LossBatch, assert_close},
};
use ficta_losses as _;
use serde_json::Value;

fn make(name: &str, params: &str) -> Box<dyn Loss> {
    let entry = static_components().into_iter().find(|r| r.name == name).unwrap();
    entry.make_loss(params).unwrap()
}

#[derive(serde::Deserialize)]
struct Fixture {
    classes: usize,
    inputs: Vec<Input>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Input {
    cosines: Vec<f32>,
    norms: Vec<f32>,
    labels: Vec<i64>,
}

#[derive(serde::Deserialize)]
struct Case {
    loss: String,
    params: Value,
    batches: Vec<Reference>,
}

#[derive(serde::Deserialize)]
struct Reference {
    value: f64,
    by_cosine: Vec<f64>,
    by_norm: Vec<f64>,
}

#[test]
fn losses_equal_pytorch() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/adaptive_losses.json")).unwrap();
    assert_eq!(fixture.cases.len(), 20);
    let host = NullHost::default();
    for case in &fixture.cases {
        println!("{} {}", case.loss, case.params);
        let mut loss = make(&case.loss, &case.params.to_string());
        for (step, (input, reference)) in (0..).zip(fixture.inputs.iter().zip(&case.batches)) {
            let batch = LossBatch {
                cosines: input.cosines.clone(),
                norms: input.norms.clone(),
                labels: input.labels.clone(),
                classes: fixture.classes,
                step,
            };
            let out = batch.evaluate(&mut *loss, &Ctx::new(&host)).unwrap();
            assert_close(&[out.loss], &[reference.value], 2e-6, 1e-7);
            let wide = |v: &[f32]| v.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
            // Logits go to 140 here (norms as scale), where f32 rounds to 8e-6, and so relatively does the exponential.
            assert_close(&wide(&out.cosines), &reference.by_cosine, 5e-5, 1e-7);
            assert_close(&wide(&out.norms), &reference.by_norm, 5e-5, 1e-7);
        }
    }
}

/// Bits of the value and of the gradient.
fn bits(loss: &mut dyn Loss, batch: &LossBatch) -> Vec<u64> {
    let host = NullHost::default();
    let out = batch.evaluate(loss, &Ctx::new(&host)).unwrap();
    let floats = out.cosines.iter().chain(&out.norms).map(|g| u64::from(g.to_bits()));
    floats.chain([out.loss.to_bits()]).collect()
}

#[test]
fn statistics_are_saved_and_survive_a_bad_batch() {
    for name in ["adaface", "curricularface"] {
        let batches: Vec<_> = (0..3).map(|i| LossBatch::random(4, 6, i)).collect();
        let mut whole = make(name, r#"{"t_alpha": 0.5}"#);
        let mut first = make(name, r#"{"t_alpha": 0.5}"#);
        assert_eq!(bits(&mut *whole, &batches[0]), bits(&mut *first, &batches[0]));
        assert_eq!(bits(&mut *whole, &batches[1]), bits(&mut *first, &batches[1]));
        let mut bad = batches[2].clone();
        bad.cosines[1] = f32::NAN;
        let host = NullHost::default();
        bad.evaluate(&mut *first, &Ctx::new(&host)).unwrap_err();
        let mut second = make(name, r#"{"t_alpha": 0.5}"#);
        let fresh = second.save_state().unwrap();
        second.load_state(&first.save_state().unwrap()).unwrap();
        assert_eq!(bits(&mut *whole, &batches[2]), bits(&mut *second, &batches[2]));
        second.load_state(&fresh).unwrap();
        assert_ne!(
            bits(&mut *whole, &batches[2]),
            bits(&mut *second, &batches[2]),
            "{name}: statistics play no part"
        );
        for state in [&b"abc"[..], &[], &f64::NAN.to_le_bytes().repeat(fresh.len() / 8)] {
            assert_eq!(second.load_state(state).unwrap_err().kind(), ErrorKind::DATA, "{name}");
        }
    }
}

#[test]
fn bad_norms_are_named_where_norms_matter() {
    let host = NullHost::default();
    for name in ["adaface", "magface"] {
        for bad in [f32::NAN, f32::INFINITY, -1.0] {
            let mut batch = LossBatch::random(4, 6, 1);
            batch.norms[2] = bad;
            let error = batch.evaluate(&mut *make(name, "{}"), &Ctx::new(&host)).unwrap_err();
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::DATA, &*format!("the embedding norm of row 2 is {bad}"))
            );
        }
    }
    for params in ["{\"scale\": null}", "{}"] {
        let mut batch = LossBatch::random(4, 6, 1);
        batch.norms[2] = f32::NAN;
        let name = if params == "{}" { "sphereface" } else { "softmax" };
        let error = batch.evaluate(&mut *make(name, params), &Ctx::new(&host)).unwrap_err();
        assert!(
            error.message().contains("row 2") && error.message().contains("NaN"),
            "{error}"
        );
    }
}
