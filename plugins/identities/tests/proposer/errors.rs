//! What bad input leads to.

use ficta_core::{Ctx, Error, ErrorKind, testing::RecordingHost};
use ficta_identities::{Pairs, Rule, VarianceInterpolationParams as Params};

use crate::scene::Scene;

fn failure(scene: &Scene, params: Params, requested: usize) -> Error {
    scene.propose(params, requested, 0).expect_err("bad input")
}

fn assert_says(error: &Error, kind: ErrorKind, words: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(words), "{error}");
}

#[test]
fn broken_means_are_named_by_row() {
    for (value, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut scene = Scene::random(4, 5, 1);
        scene.mean[2 * 5 + 3] = value;
        let error = failure(&scene, Params::default(), 0);
        assert_says(
            &error,
            ErrorKind::DATA,
            &format!("mean of identity row 2 is {word} in dimension 3"),
        );
    }
    let mut scene = Scene::random(4, 5, 1);
    scene.mean[15..20].fill(1e-9);
    assert_says(
        &failure(&scene, Params::default(), 0),
        ErrorKind::DATA,
        "mean of identity row 3 has norm",
    );
}

#[test]
fn broken_variances_are_named_by_row() {
    for value in [f32::NAN, -0.1, f32::INFINITY] {
        let mut scene = Scene::random(4, 5, 1);
        scene.variance[1] = value;
        assert_says(
            &failure(&scene, Params::default(), 0),
            ErrorKind::DATA,
            "variance of identity row 1",
        );
        let mut scene = Scene::random(4, 5, 1);
        scene.variance_per_dim.as_mut().expect("given")[5 + 2] = value;
        let error = failure(
            &scene,
            Params {
                rule: Rule::PerDim,
                ..Params::default()
            },
            0,
        );
        assert_says(&error, ErrorKind::DATA, "variance of identity row 1, dimension 2");
    }
}

#[test]
fn per_dim_needs_its_variances() {
    let scene = Scene {
        variance_per_dim: None,
        ..Scene::random(3, 4, 1)
    };
    assert_says(
        &failure(
            &scene,
            Params {
                rule: Rule::PerDim,
                ..Params::default()
            },
            0,
        ),
        ErrorKind::DATA,
        "variance of each dimension",
    );
    assert!(scene.propose(Params::default(), 0, 0).is_ok());
}

#[test]
fn one_identity_is_too_few() {
    for rows in [0, 1] {
        assert_says(
            &failure(&Scene::random(rows, 4, 1), Params::default(), 0),
            ErrorKind::DATA,
            "two real parents",
        );
    }
}

#[test]
fn more_than_there_are() {
    let scene = Scene::random(5, 4, 1);
    assert_says(
        &failure(&scene, Params::default(), 11),
        ErrorKind::CONFIG,
        "11 candidates are wanted, but 5 identities give only 10 pairs",
    );
    let capped = Params {
        pairs: Pairs::Random,
        max_per_parent: 2,
        ..Params::default()
    };
    assert_says(&failure(&scene, capped, 5), ErrorKind::CONFIG, "give only 4 pairs");
}

#[test]
fn opposite_parents_are_named() {
    let mut scene = Scene::random(3, 2, 1);
    scene.mean = vec![1.0, 0.0, 0.0, 1.0, -0.5, 0.0];
    assert_says(
        &failure(&scene, Params::default(), 0),
        ErrorKind::DATA,
        "identity rows 0 and 2 point in opposite directions",
    );
}

#[test]
fn params_out_of_range() {
    let scene = Scene::random(3, 4, 1);
    for (low, high) in [
        (-0.1, 1.1),
        (0.6, 0.4),
        (f64::NAN, 0.7),
        (0.3, f64::INFINITY),
        (0.2, 0.7),
    ] {
        let error = failure(
            &scene,
            Params {
                clamp_min: low,
                clamp_max: high,
                ..Params::default()
            },
            0,
        );
        assert_says(&error, ErrorKind::CONFIG, "clamp_min");
    }
    assert_says(
        &failure(
            &scene,
            Params {
                max_per_parent: 1,
                ..Params::default()
            },
            0,
        ),
        ErrorKind::CONFIG,
        "max_per_parent = 1",
    );
}

#[test]
fn shapes_that_disagree() {
    let mut scene = Scene::random(3, 4, 1);
    scene.variance.push(0.1);
    scene.variance_per_dim = None;
    assert_says(
        &failure(&scene, Params::default(), 0),
        ErrorKind::SHAPE,
        "variance of the identities: expected shape [3], got [4]",
    );
}

#[test]
fn stops_when_asked_to() {
    let scene = Scene::random(6, 4, 1);
    for pairs in [Pairs::All, Pairs::Random, Pairs::Nearest] {
        let error = scene
            .propose_under(
                Params {
                    pairs,
                    ..Params::default()
                },
                0,
                &Ctx::new(&RecordingHost::new(0).cancel_after(0)),
            )
            .expect_err("cancelled");
        assert_eq!(error.kind(), ErrorKind::CANCELLED);
    }
}
