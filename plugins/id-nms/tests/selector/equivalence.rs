//! Bit for bit what two nested loops give, on any number of threads.

use ficta_core::{Configure, Decision, testing::RecordingHost};
use ficta_id_nms::{IdNms, IdNmsParams, Metric, Order};
use proptest::prelude::*;

use crate::{naive, scene::Scene};

/// Thresholds that pairs of small integer vectors hit exactly, and others.
fn threshold() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![-1.0, -0.5, 0.0, 0.5, 0.8, 1.0]),
        -1.0..=1.0f64
    ]
}

fn params() -> impl Strategy<Value = IdNmsParams> {
    let order = prop::sample::select(vec![Order::Variance, Order::MaxCosine, Order::Given, Order::Random]);
    let metric = prop::sample::select(vec![Metric::Cosine, Metric::Cosine, Metric::VarianceDistance]);
    let small = prop_oneof![2 => Just(0usize), 1 => 1usize..9];
    let distance = prop_oneof![1 => Just(0.0), 4 => 0.0..3.0f64];
    let limits = (threshold(), threshold(), distance.clone(), distance);
    (metric, limits, order, small.clone(), small).prop_map(|(metric, limits, order, target, max_per_parent)| {
        IdNmsParams {
            metric,
            threshold_real: limits.0,
            threshold_selected: limits.1,
            distance_real: limits.2,
            distance_selected: limits.3,
            order,
            target,
            max_per_parent,
            checkpoint: None,
        }
    })
}

/// Scenes of all kinds, and whether their candidates have variances.
fn scenes() -> impl Strategy<Value = Scene> {
    (
        0..4usize,
        0usize..70,
        0usize..12,
        1usize..40,
        any::<u64>(),
        any::<bool>(),
    )
        .prop_map(|(kind, count, real, dim, seed, variance)| {
            let mut scene = match kind {
                0 => Scene::coarse(count, real, dim, seed),
                1 => Scene::smooth(count, real, dim, seed),
                // Long enough for parents to be nearly orthogonal, as those of faces are.
                2 => Scene::children(count, 1 + real, 60 + dim, 0.05 * (seed % 3) as f32, false, seed),
                _ => Scene::children(count, 1 + real, 60 + dim, 0.02, true, seed),
            };
            if !variance {
                scene.variance = None;
            }
            scene
        })
}

/// A metric that the scene has what it takes for: variances that are known.
fn fit(mut scene: Scene, params: &mut IdNmsParams) -> Scene {
    match &mut scene.variance {
        None => params.metric = Metric::Cosine,
        Some(variance) if params.metric == Metric::VarianceDistance => {
            variance.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.05);
        }
        Some(_) => {}
    }
    scene
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn selection_equals_the_naive_one(scene in scenes(), mut params in params(), seed: u64, threads in 1u32..5) {
        let scene = fit(scene, &mut params);
        let expected = naive::select(&scene, &params, seed);
        let got = scene.select(&mut IdNms::configure(params)?, &RecordingHost::new(seed).with_threads(threads))?;
        prop_assert_eq!(got, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn the_yield_curve_is_a_selection_at_each_threshold(
        scene in scenes(),
        mut params in params(),
        grid in prop::collection::vec(threshold(), 0..5),
        seed: u64,
        threads in 1u32..5,
    ) {
        let scene = fit(scene, &mut params);
        // More than 64 thresholds, unordered and with repetitions, so that sets of them need several words.
        let thresholds: Vec<f32> = grid.iter().map(|t| if params.metric == Metric::Cosine { *t as f32 } else { t.abs() as f32 }).chain((0..70).map(|i| (i * 37 % 70) as f32 / 69.0)).collect();
        let got = scene.yield_curve(&mut IdNms::configure(params.clone())?, &thresholds, &RecordingHost::new(seed).with_threads(threads))?;
        for (threshold, kept) in thresholds.iter().zip(got) {
            let t = f64::from(*threshold);
            let at = IdNmsParams { threshold_real: t, threshold_selected: t, distance_real: t, distance_selected: t, target: 0, ..params.clone() };
            prop_assert_eq!(kept, naive::select(&scene, &at, seed).selected as i64, "at {}", t);
        }
    }
}

#[test]
fn many_blocks_and_threads_change_nothing() {
    let scene = Scene::smooth(900, 40, 12, 9);
    let params = IdNmsParams {
        threshold_real: 0.9,
        threshold_selected: 0.8,
        max_per_parent: 30,
        ..IdNmsParams::default()
    };
    let expected = naive::select(&scene, &params, 0);
    assert!(
        (50..800).contains(&expected.selected),
        "{} of 900: the scene decides nothing",
        expected.selected
    );
    for threads in [1, 2, 7] {
        let got = scene
            .select(
                &mut IdNms::configure(params.clone()).unwrap(),
                &RecordingHost::new(0).with_threads(threads),
            )
            .unwrap();
        assert_eq!(got, expected);
    }
}

/// Children that are led to by their parents, among others that are not: as many as fill several blocks.
#[test]
fn parents_lead_to_all_that_matter() {
    for (noise, strangers, real, selected) in [
        (0.0, false, 0.76, 0.7),
        (0.05, false, 0.8, 0.75),
        (0.02, true, 0.78, 0.7),
        (0.3, false, 0.9, 0.8),
    ] {
        let scene = Scene::children(6000, 120, 128, noise, strangers, 4);
        for max_per_parent in [0, 20] {
            let params = IdNmsParams {
                threshold_real: real,
                threshold_selected: selected,
                max_per_parent,
                ..IdNmsParams::default()
            };
            let expected = naive::select(&scene, &params, 0);
            let dropped = |d| expected.decision.iter().filter(|x| **x == d).count();
            assert!(
                expected.selected > 300 && dropped(Decision::REAL) > 50 && dropped(Decision::SELECTED) > 50,
                "{} kept: the scene decides nothing",
                expected.selected
            );
            let host = RecordingHost::new(0).with_threads(3);
            let got = scene.select(&mut IdNms::configure(params).unwrap(), &host).unwrap();
            assert_eq!(got, expected);
            // With so much beside the span of the parents they are no help.
            assert_eq!(host.heard("compared through parents"), noise < 0.3, "{noise}");
        }
    }
}

/// As in a run of many thousands, but quick: the same scene with and without parents, which only lead.
#[test]
fn the_yield_curve_is_the_same_with_and_without_parents() {
    let mut scene = Scene::children(5000, 150, 128, 0.02, true, 8);
    let thresholds: Vec<f32> = (30..=50).map(|i| i as f32 / 50.0).collect();
    let curve = |scene: &Scene| {
        let mut nms = IdNms::configure(IdNmsParams::default()).unwrap();
        let host = RecordingHost::new(0).with_threads(2);
        let kept = scene.yield_curve(&mut nms, &thresholds, &host).unwrap();
        (kept, host.heard("compared through parents"))
    };
    let led = curve(&scene);
    scene.parents = None;
    let kept = curve(&scene).0;
    assert_eq!(led, (kept.clone(), true));
    assert!(kept[0] < 400 && kept[15] > 1000 && kept[20] == 5000, "{kept:?}");
}

#[test]
fn what_f32_cannot_tell_apart_is_told_apart() {
    let scene = Scene::equiangular(300, 30, 2);
    for shift in [-1e-7, 0.0, 1e-7] {
        let at = |real, selected| IdNmsParams {
            threshold_real: real,
            threshold_selected: selected,
            order: Order::Given,
            ..IdNmsParams::default()
        };
        for params in [at(1.0, 0.5 + shift), at(0.5 + shift, 1.0)] {
            let expected = naive::select(&scene, &params, 0);
            let got = scene
                .select(
                    &mut IdNms::configure(params).unwrap(),
                    &RecordingHost::new(0).with_threads(2),
                )
                .unwrap();
            assert_eq!(got, expected, "at 0.5 + {shift}");
        }
    }
}

#[test]
fn nor_does_f32_decide_the_yield_curve() {
    let mut scene = Scene::equiangular(400, 1, 3);
    // Away from the candidates: only those selected matter.
    scene.real.iter_mut().for_each(|x| *x = -*x);
    let thresholds: Vec<f32> = (-3..=3).map(|i| 0.5 + i as f32 * f32::EPSILON / 2.0).collect();
    let params = IdNmsParams {
        order: Order::Given,
        ..IdNmsParams::default()
    };
    let got = scene
        .yield_curve(
            &mut IdNms::configure(params.clone()).unwrap(),
            &thresholds,
            &RecordingHost::new(0).with_threads(2),
        )
        .unwrap();
    let expected: Vec<i64> = thresholds
        .iter()
        .map(|t| {
            let t = f64::from(*t);
            naive::select(
                &scene,
                &IdNmsParams {
                    threshold_real: t,
                    threshold_selected: t,
                    ..params.clone()
                },
                0,
            )
            .selected as i64
        })
        .collect();
    assert_eq!(got, expected);
    // The curve moves inside the band where an estimate cannot decide.
    assert!(
        expected.windows(2).filter(|w| w[0] != w[1]).count() >= 3,
        "{expected:?}"
    );
}
