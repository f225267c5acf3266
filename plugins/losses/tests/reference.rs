//! Values and gradients against PyTorch's autograd (`fixtures/margin_losses.py`).

use ficta_core::{
    Ctx, NullHost, static_components,
    testing::{LossBatch, assert_close},
};
use ficta_losses as _;

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    loss: String,
    params: serde_json::Value,
    classes: usize,
    cosines: Vec<f32>,
    labels: Vec<i64>,
    value: f64,
    gradient: Vec<f64>,
}

#[test]
fn losses_equal_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/margin_losses.json")).unwrap();
    assert_eq!(cases.len(), 9);
    let host = NullHost::default();
    for case in cases {
        let entry = static_components().into_iter().find(|r| r.name == case.loss).unwrap();
        let mut loss = entry.make_loss(&case.params.to_string()).unwrap();
        let batch = LossBatch {
            norms: vec![20.0; case.labels.len()],
            cosines: case.cosines,
            labels: case.labels,
            classes: case.classes,
            step: 0,
        };
        let out = batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap();
        println!("{}: {} against {}", case.name, out.loss, case.value);
        assert_close(&[out.loss], &[case.value], 1e-6, 1e-7);
        let gradient: Vec<f64> = out.cosines.iter().map(|g| f64::from(*g)).collect();
        // A logit near 64 is rounded to 4e-6, and so relatively is the exponential of it.
        assert_close(&gradient, &case.gradient, 2e-5, 1e-9);
        assert_close(&out.norms, &vec![0.0; batch.labels.len()], 0.0, 0.0);
    }
}
