//! What the baselines refuse.

use ficta_core::{Error, ErrorKind, NullHost};

use crate::scene::Scene;

fn failure(scene: &Scene, name: &str, params: &str, requested: usize) -> Error {
    scene
        .propose_by(name, params, requested, &NullHost { seed: 1 })
        .expect_err("bad input")
}

fn assert_says(error: &Error, kind: ErrorKind, words: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(words), "{error}");
}

#[test]
fn params_out_of_range() {
    let scene = Scene::random(4, 6, 1);
    for (name, params, words) in [
        ("two-coefficient-mix", r#"{"alpha": 0}"#, "alpha = 0"),
        ("two-coefficient-mix", r#"{"beta": -1}"#, "beta = -1"),
        ("two-coefficient-mix", r#"{"max_per_parent": 2}"#, "max_per_parent = 2"),
        ("von-mises-fisher", r#"{"kappa": -3}"#, "kappa = -3"),
        ("von-mises-fisher", r#"{"scale": -1}"#, "scale = -1"),
        ("pca-gaussian", r#"{"scale": 0}"#, "scale = 0"),
        ("pca-gaussian", r#"{"components": 4}"#, "have 3 principal components"),
        ("orthogonal-prototypes", r#"{"free": 7}"#, "free = 7"),
        ("uniform-sphere", r#"{"dim": 7}"#, "unknown field `dim`"),
    ] {
        assert_says(&failure(&scene, name, params, 3), ErrorKind::CONFIG, words);
    }
}

#[test]
fn identities_that_are_too_few_or_alike() {
    let none = Scene::random(0, 4, 1);
    for name in ["uniform-sphere", "orthogonal-prototypes"] {
        assert_says(&failure(&none, name, "{}", 0), ErrorKind::DATA, "no real identities");
    }
    assert_says(
        &failure(&none, "von-mises-fisher", "{}", 3),
        ErrorKind::DATA,
        "no real identity",
    );
    let one = Scene::random(1, 4, 1);
    assert_says(
        &failure(&one, "pca-gaussian", "{}", 3),
        ErrorKind::DATA,
        "needs two real identities",
    );
    assert_says(
        &failure(&one, "two-coefficient-mix", "{}", 3),
        ErrorKind::DATA,
        "two real parents",
    );
    let alike = Scene {
        dim: 3,
        mean: [0.6, 0.0, 0.8].repeat(4),
        variance: vec![0.2; 4],
        variance_per_dim: None,
    };
    assert_says(&failure(&alike, "pca-gaussian", "{}", 3), ErrorKind::DATA, "no spread");
    let line = Scene::random(3, 1, 1);
    assert_says(
        &failure(&line, "von-mises-fisher", "{}", 3),
        ErrorKind::SHAPE,
        "two points",
    );
}

#[test]
fn broken_means_are_named_by_row() {
    for name in [
        "two-coefficient-mix",
        "von-mises-fisher",
        "pca-gaussian",
        "orthogonal-prototypes",
    ] {
        let mut scene = Scene::random(4, 5, 1);
        scene.mean[2 * 5 + 3] = f32::NAN;
        assert_says(
            &failure(&scene, name, "{}", 3),
            ErrorKind::DATA,
            "mean of identity row 2 is NaN in dimension 3",
        );
    }
}
