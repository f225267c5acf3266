//! What holds of the baselines for every input.

use ficta_core::NullHost;
use proptest::prelude::*;

use crate::scene::{Proposed, Scene};

/// Proposers that can go on for ever.
const ENDLESS: [(&str, &str); 6] = [
    ("uniform-sphere", "{}"),
    ("von-mises-fisher", "{}"),
    ("von-mises-fisher", r#"{"kappa": "banerjee", "scale": 0.3}"#),
    ("von-mises-fisher", r#"{"kappa": 20}"#),
    ("pca-gaussian", "{}"),
    ("orthogonal-prototypes", "{}"),
];

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

fn unit(x: &[f32]) -> Vec<f32> {
    let norm = dot(x, x).sqrt();
    x.iter().map(|x| (f64::from(*x) / norm) as f32).collect()
}

fn assert_unit(got: &Proposed, dim: usize) {
    for (k, f) in got.feature.chunks_exact(dim).enumerate() {
        assert!(
            (dot(f, f).sqrt() - 1.0).abs() < 1e-6,
            "candidate {k} has length {}",
            dot(f, f).sqrt()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn candidate_k_depends_on_seed_and_k_alone(which in prop::sample::select(ENDLESS.to_vec()), seed: u64, rows in 2usize..9, dim in 2usize..24) {
        let scene = Scene::random(rows, dim, seed ^ 1);
        let (name, params) = which;
        let host = NullHost { seed };
        let many = scene.propose_by(name, params, 30, &host)?;
        assert_unit(&many, dim);
        for requested in [1, 7, 29] {
            let some = scene.propose_by(name, params, requested, &host)?;
            prop_assert_eq!(&some.feature[..], &many.feature[..requested * dim]);
            prop_assert_eq!(&some.parents[..], &many.parents[..requested]);
        }
        let other = scene.propose_by(name, params, 30, &NullHost { seed: seed.wrapping_add(1) })?;
        // In two dimensions one direction may be all that is left.
        prop_assert!(dim == 2 || other.feature != many.feature);
    }

    #[test]
    fn a_mix_of_swapped_weights_is_that_of_swapped_parents(alpha in 0.05..2.0f64, beta in 0.05..2.0f64, seed: u64, dim in 2usize..24) {
        let scene = Scene::random(2, dim, seed);
        let mut swapped = Scene { dim, mean: scene.mean.clone(), variance: scene.variance.clone(), variance_per_dim: None };
        swapped.mean.rotate_left(dim);
        swapped.variance.rotate_left(1);
        let host = NullHost { seed };
        let params = |a: f64, b: f64| serde_json::json!({"alpha": a, "beta": b}).to_string();
        let one = scene.propose_by("two-coefficient-mix", &params(alpha, beta), 0, &host)?;
        let other = swapped.propose_by("two-coefficient-mix", &params(beta, alpha), 0, &host)?;
        assert_unit(&one, dim);
        prop_assert!((one.t[0] + other.t[0] - 1.0).abs() < 1e-6);
        prop_assert!((one.variance[0] - other.variance[0]).abs() < 1e-6);
        for (x, y) in one.feature.iter().zip(&other.feature) {
            prop_assert!((x - y).abs() < 2e-6, "{} {}", x, y);
        }
    }

    #[test]
    fn prototypes_are_at_right_angles(rows in 1usize..7, dim in 8usize..24, seed: u64) {
        let scene = Scene::random(rows, dim, seed);
        let free = dim - rows;
        let got = scene.propose_by("orthogonal-prototypes", "{}", free + 3, &NullHost { seed })?;
        let rows: Vec<Vec<f32>> = scene.mean.chunks_exact(dim).map(unit).collect();
        let all: Vec<&[f32]> = got.feature.chunks_exact(dim).collect();
        for (k, f) in all.iter().enumerate() {
            for real in &rows {
                prop_assert!(dot(f, real).abs() < 1e-5, "candidate {} and a real identity: {}", k, dot(f, real));
            }
            // Within a frame.
            for other in &all[k / free * free..k] {
                prop_assert!(dot(f, other).abs() < 1e-5, "candidates: {}", dot(f, other));
            }
        }
    }
}

#[test]
fn an_equal_mix_is_the_midpoint() {
    let scene = Scene::random(6, 16, 3);
    let host = NullHost { seed: 1 };
    let mix = scene
        .propose_by("two-coefficient-mix", "{}", 0, &host)
        .expect("valid input");
    let midpoint = scene
        .propose_by(
            "variance-interpolation",
            r#"{"rule": "midpoint", "interpolation": "lerp"}"#,
            0,
            &host,
        )
        .expect("valid input");
    assert_eq!(mix, midpoint);
}

#[test]
fn uniform_points_have_the_moments_of_the_sphere() {
    let (dim, n) = (16, 4000);
    let scene = Scene::random(3, dim, 1);
    let got = scene
        .propose_by("uniform-sphere", "{}", n, &NullHost { seed: 2 })
        .expect("valid input");
    for k in 0..dim {
        let column: Vec<f64> = got.feature.iter().skip(k).step_by(dim).map(|x| f64::from(*x)).collect();
        let mean = column.iter().sum::<f64>() / n as f64;
        let square = column.iter().map(|x| x * x).sum::<f64>() / n as f64;
        assert!(
            mean.abs() < 0.02 && (square * dim as f64 - 1.0).abs() < 0.1,
            "{k}: {mean} {square}"
        );
    }
    assert!(got.variance.iter().chain(&got.t).all(|x| x.is_nan()));
    assert!(got.parents.iter().all(|p| *p == [-1, -1]));
}

#[test]
fn draws_around_an_identity_vary_as_it_does() {
    let (rows, dim, each) = (3, 24, 3000);
    let scene = Scene::random(rows, dim, 5);
    let got = scene
        .propose_by("von-mises-fisher", "{}", rows * each, &NullHost { seed: 4 })
        .expect("valid input");
    for row in 0..rows {
        let mut mean = vec![0f64; dim];
        for k in (row..rows * each).step_by(rows) {
            assert_eq!(
                (got.parents[k], got.variance[k]),
                ([row as i64, -1], scene.variance[row])
            );
            let f = &got.feature[k * dim..][..dim];
            mean.iter_mut()
                .zip(f)
                .for_each(|(m, x)| *m += f64::from(*x) / each as f64);
        }
        let length = mean.iter().map(|x| x * x).sum::<f64>();
        let expected = f64::from(scene.variance[row]);
        assert!(
            (1.0 - length - expected).abs() < 0.03,
            "V {} of draws, {expected} of the identity",
            1.0 - length
        );
        let axis = unit(&scene.mean[row * dim..][..dim]);
        let along: f64 = mean.iter().zip(&axis).map(|(m, a)| m * f64::from(*a)).sum();
        assert!(
            along / length.sqrt() > 0.99,
            "the draws centre on their identity: {along}"
        );
    }
}

#[test]
fn an_identity_that_does_not_vary_is_drawn_as_it_is() {
    let mut scene = Scene::random(2, 6, 5);
    scene.variance = vec![0.0, 1.5];
    let got = scene
        .propose_by("von-mises-fisher", "{}", 4, &NullHost { seed: 4 })
        .expect("valid input");
    let axis = unit(&scene.mean[..6]);
    assert!(dot(&got.feature[..6], &axis) > 1.0 - 1e-6);
    // A variance of 1 or more has no concentration left: uniform, so the two draws differ widely.
    assert!(dot(&got.feature[6..12], &got.feature[18..24]).abs() < 0.999);
}

#[test]
fn gaussian_draws_have_the_real_identities_covariance() {
    // A cloud narrow enough that dividing by the length hardly changes it.
    let (rows, dim, n) = (40, 6, 6000);
    let mut scene = Scene::random(rows, dim, 6);
    for row in scene.mean.chunks_exact_mut(dim) {
        row.iter_mut()
            .enumerate()
            .for_each(|(i, x)| *x = *x * 0.01 * (i + 1) as f32 + 1.0);
    }
    let got = scene
        .propose_by("pca-gaussian", "{}", n, &NullHost { seed: 4 })
        .expect("valid input");
    let real: Vec<f32> = scene.mean.chunks_exact(dim).flat_map(unit).collect();
    let spread = |features: &[f32], i: usize, j: usize| {
        let n = (features.len() / dim) as f64;
        let at = |k: usize| features.iter().skip(k).step_by(dim).map(|x| f64::from(*x));
        let (a, b) = (at(i).sum::<f64>() / n, at(j).sum::<f64>() / n);
        at(i).zip(at(j)).map(|(x, y)| (x - a) * (y - b)).sum::<f64>() / (n - 1.0)
    };
    let total: f64 = (0..dim).map(|i| spread(&real, i, i)).sum();
    for i in 0..dim {
        for j in 0..dim {
            let (ours, theirs) = (spread(&got.feature, i, j), spread(&real, i, j));
            assert!(
                (ours - theirs).abs() < 0.05 * total,
                "{i} {j}: {ours}, of the real ones {theirs}"
            );
        }
    }
}

#[test]
fn unknown_variances_are_no_hindrance_where_none_are_needed() {
    let mut scene = Scene::random(5, 8, 5);
    scene.variance = vec![f32::NAN; 5];
    scene.variance_per_dim = None;
    for (name, params, fits) in [
        ("uniform-sphere", "{}", true),
        ("pca-gaussian", "{}", true),
        ("orthogonal-prototypes", "{}", true),
        ("two-coefficient-mix", "{}", true),
        ("variance-interpolation", r#"{"rule": "midpoint"}"#, true),
        ("variance-interpolation", "{}", false),
        ("von-mises-fisher", r#"{"kappa": 30}"#, true),
        ("von-mises-fisher", "{}", false),
    ] {
        let got = scene.propose_by(name, params, 4, &NullHost { seed: 1 });
        assert_eq!(got.is_ok(), fits, "{name} {params}: {got:?}");
        if let Ok(got) = got {
            assert!(
                got.variance.iter().all(|v| v.is_nan()),
                "{name}: nothing is known, so nothing is predicted"
            );
        }
    }
}
