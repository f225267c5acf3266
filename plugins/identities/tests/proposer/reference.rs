//! Against NumPy: see `fixtures/interpolation.py`.

use ficta_identities::VarianceInterpolationParams;
use serde::Deserialize;

use crate::scene::Scene;

#[derive(Deserialize)]
struct Fixture {
    rows: usize,
    dim: usize,
    mean: Vec<f32>,
    variance: Vec<f32>,
    variance_per_dim: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rule: String,
    interpolation: String,
    t: Vec<f64>,
    variance: Vec<f64>,
    feature: Vec<f64>,
}

fn assert_close(what: &str, case: &Case, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*g) - e).abs() < 1e-7,
            "{} {}: {what}[{i}] is {g}, NumPy has {e}",
            case.rule,
            case.interpolation
        );
    }
}

#[test]
fn agrees_with_numpy() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("../fixtures/interpolation.json")).expect("the fixture is JSON");
    let scene = Scene {
        dim: fixture.dim,
        mean: fixture.mean,
        variance: fixture.variance,
        variance_per_dim: Some(fixture.variance_per_dim),
    };
    assert_eq!((scene.rows(), fixture.cases.len()), (fixture.rows, 10));
    for case in &fixture.cases {
        let params = serde_json::json!({ "rule": case.rule, "interpolation": case.interpolation });
        let params: VarianceInterpolationParams = serde_json::from_value(params).expect("known names");
        let got = scene.propose(params, 0, 0).expect("valid input");
        assert_close("t", case, &got.t, &case.t);
        assert_close("variance", case, &got.variance, &case.variance);
        assert_close("feature", case, &got.feature, &case.feature);
    }
}
