//! What holds for every input.

use std::collections::{HashMap, HashSet};

use ficta_identities::{Interpolation, Pairs, Rule, VarianceInterpolationParams as Params};
use proptest::prelude::*;

use crate::scene::Scene;

const RULES: [Rule; 5] = [
    Rule::Midpoint,
    Rule::StdRatio,
    Rule::VarRatio,
    Rule::PerDim,
    Rule::Radius,
];

fn params() -> impl Strategy<Value = Params> {
    (prop::sample::select(RULES.to_vec()), any::<bool>(), 0.0..0.5f64).prop_map(|(rule, slerp, low)| Params {
        rule,
        interpolation: if slerp {
            Interpolation::Slerp
        } else {
            Interpolation::Lerp
        },
        clamp_min: low,
        clamp_max: 1.0 - low,
        ..Params::default()
    })
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(p, q)| f64::from(*p) * f64::from(*q)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn swapping_the_parents_mirrors_t(params in params(), seed: u64, dim in 2usize..24) {
        let scene = Scene::random(2, dim, seed);
        let mut swapped = Scene { dim, mean: scene.mean.clone(), variance: scene.variance.clone(), variance_per_dim: scene.variance_per_dim.clone() };
        swapped.mean.rotate_left(dim);
        swapped.variance.rotate_left(1);
        swapped.variance_per_dim.as_mut().expect("given").rotate_left(dim);
        let (one, other) = (scene.propose(params.clone(), 0, 0)?, swapped.propose(params, 0, 0)?);
        prop_assert!((one.t[0] + other.t[0] - 1.0).abs() < 1e-6, "{} {}", one.t[0], other.t[0]);
        prop_assert!((one.variance[0] - other.variance[0]).abs() < 1e-6);
        for (x, y) in one.feature.iter().zip(&other.feature) {
            prop_assert!((x - y).abs() < 2e-6, "{x} {y}");
        }
    }

    #[test]
    fn every_candidate_is_a_unit_vector_between_its_parents(params in params(), seed: u64, rows in 2usize..9, dim in 2usize..24) {
        let scene = Scene::random(rows, dim, seed);
        let (low, high) = (params.clamp_min as f32 - 1e-6, params.clamp_max as f32 + 1e-6);
        let per_dim = params.rule == Rule::PerDim;
        let got = scene.propose(params, 0, 0)?;
        prop_assert_eq!(got.t.len(), rows * (rows - 1) / 2);
        for (i, f) in got.feature.chunks_exact(dim).enumerate() {
            let [a, b] = got.parents[i].map(|p| p as usize);
            let norm = f.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            prop_assert!((norm - 1.0).abs() < 1e-6, "norm {norm}");
            prop_assert!((low..=high).contains(&got.t[i]), "t {}", got.t[i]);
            let (least, most) = (scene.variance[a].min(scene.variance[b]), scene.variance[a].max(scene.variance[b]));
            prop_assert!((least - 1e-6..=most + 1e-6).contains(&got.variance[i]));
            let (mean_a, mean_b) = (&scene.mean[a * dim..][..dim], &scene.mean[b * dim..][..dim]);
            if !per_dim {
                // On the arc: the angles to both parents add up to the angle between them.
                let angle = |x, y| cosine(x, y).clamp(-1.0, 1.0).acos();
                let detour = angle(f, mean_a) + angle(f, mean_b) - angle(mean_a, mean_b);
                prop_assert!(detour.abs() < 2e-3, "off the arc by {detour}");
                // And not nearer to the parent that varies more.
                if scene.variance[a] > scene.variance[b] + 1e-3 {
                    prop_assert!(got.t[i] >= 0.5 && angle(f, mean_a) > angle(f, mean_b) - 2e-3);
                }
            }
        }
    }

    #[test]
    fn a_larger_request_only_appends(policy in prop::sample::select(vec![Pairs::All, Pairs::Random, Pairs::Nearest, Pairs::Farthest]), seed: u64, cap in 0usize..4) {
        let scene = Scene::random(9, 6, 4);
        let params = Params { pairs: policy, max_per_parent: if policy == Pairs::All { 0 } else { cap }, ..Params::default() };
        let all = scene.propose(params.clone(), 0, seed)?;
        for requested in 1..=all.t.len() {
            let some = scene.propose(params.clone(), requested, seed)?;
            prop_assert_eq!(&some.parents[..], &all.parents[..requested]);
            prop_assert_eq!(&some.feature[..], &all.feature[..requested * 6]);
        }
    }

    #[test]
    fn nobody_exceeds_the_cap_and_no_pair_comes_twice(policy in prop::sample::select(vec![Pairs::Random, Pairs::Nearest, Pairs::Farthest]), rows in 2usize..14, cap in 1usize..6, seed: u64) {
        let scene = Scene::random(rows, 5, seed);
        let got = scene.propose(Params { pairs: policy, max_per_parent: cap, ..Params::default() }, 0, seed)?;
        prop_assert!(!got.parents.is_empty());
        let mut children: HashMap<i64, usize> = HashMap::new();
        for [a, b] in &got.parents {
            prop_assert!(a < b);
            *children.entry(*a).or_default() += 1;
            *children.entry(*b).or_default() += 1;
        }
        prop_assert!(children.values().all(|n| *n <= cap), "{children:?}");
        prop_assert_eq!(got.parents.iter().collect::<HashSet<_>>().len(), got.parents.len());
    }
}

#[test]
fn nearest_and_farthest_are_the_two_ends_of_one_order() {
    let (rows, dim) = (12, 19);
    let scene = Scene::random(rows, dim, 8);
    let cosines = |pairs| {
        let got = scene
            .propose(
                Params {
                    pairs,
                    ..Params::default()
                },
                0,
                0,
            )
            .expect("valid input");
        let between = |[a, b]: &[i64; 2]| {
            cosine(
                &scene.mean[*a as usize * dim..][..dim],
                &scene.mean[*b as usize * dim..][..dim],
            )
        };
        got.parents.iter().map(between).collect::<Vec<_>>()
    };
    let (near, mut far) = (cosines(Pairs::Nearest), cosines(Pairs::Farthest));
    assert!(near.windows(2).all(|w| w[0] >= w[1] - 1e-12), "{near:?}");
    far.reverse();
    assert_eq!(near, far);
}

#[test]
fn identical_identities_tie_in_lexicographic_order() {
    let scene = Scene {
        dim: 3,
        mean: [0.6, 0.0, 0.8].repeat(4),
        variance: vec![0.2; 4],
        variance_per_dim: None,
    };
    for pairs in [Pairs::Nearest, Pairs::Farthest] {
        let got = scene
            .propose(
                Params {
                    pairs,
                    ..Params::default()
                },
                0,
                0,
            )
            .expect("valid input");
        assert_eq!(got.parents, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert!(
            got.feature.chunks_exact(3).all(|f| f == [0.6, 0.0, 0.8]),
            "{:?}",
            got.feature
        );
    }
}

#[test]
fn a_parent_without_variance_is_kept_away_from_by_the_clamp() {
    let mut scene = Scene::random(2, 8, 1);
    scene.variance = vec![0.0, 0.5];
    let t = |scene: &Scene, rule| {
        scene
            .propose(
                Params {
                    rule,
                    ..Params::default()
                },
                0,
                0,
            )
            .expect("valid input")
            .t[0]
    };
    assert_eq!(t(&scene, Rule::StdRatio), 0.3);
    assert_eq!(t(&scene, Rule::Midpoint), 0.5);
    scene.variance = vec![0.0, 0.0];
    assert_eq!(t(&scene, Rule::StdRatio), 0.5);
}

#[test]
fn the_seed_decides_random_pairs_alone() {
    let scene = Scene::random(20, 4, 2);
    let params = Params {
        pairs: Pairs::Random,
        ..Params::default()
    };
    let parents = |seed| scene.propose(params.clone(), 30, seed).expect("valid input").parents;
    assert_eq!(parents(5), parents(5));
    assert_ne!(parents(5), parents(6));
}
