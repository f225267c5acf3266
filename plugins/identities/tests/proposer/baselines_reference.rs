//! The baselines against NumPy and SciPy: see `fixtures/baselines.py`.

use ficta_core::NullHost;
use serde::Deserialize;

use crate::scene::Scene;

#[derive(Deserialize)]
struct Fixture {
    rows: usize,
    dim: usize,
    count: usize,
    seed: u64,
    mean: Vec<f32>,
    variance: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    proposer: String,
    params: serde_json::Value,
    feature: Vec<f64>,
}

#[test]
fn every_baseline_agrees_with_numpy() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("../fixtures/baselines.json")).expect("the fixture is JSON");
    let scene = Scene {
        dim: fixture.dim,
        mean: fixture.mean,
        variance: fixture.variance,
        variance_per_dim: None,
    };
    assert_eq!((scene.rows(), fixture.cases.len()), (fixture.rows, 10));
    let host = NullHost { seed: fixture.seed };
    for case in &fixture.cases {
        let params = case.params.to_string();
        let requested = if case.proposer == "two-coefficient-mix" {
            0
        } else {
            fixture.count
        };
        let got = scene
            .propose_by(&case.proposer, &params, requested, &host)
            .unwrap_or_else(|e| panic!("{} {params}: {e}", case.proposer));
        assert_eq!(got.feature.len(), case.feature.len(), "{} {params}", case.proposer);
        for (i, (g, e)) in got.feature.iter().zip(&case.feature).enumerate() {
            assert!(
                (f64::from(*g) - e).abs() < 2e-7,
                "{} {params}: candidate {}, dimension {} is {g}, NumPy has {e}",
                case.proposer,
                i / fixture.dim,
                i % fixture.dim
            );
        }
    }
}
