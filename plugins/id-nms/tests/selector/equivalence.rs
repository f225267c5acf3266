//! Bit for bit what two nested loops give, on any number of threads.

use ficta_core::Configure;
use ficta_id_nms::{IdNms, IdNmsParams, Order};
use proptest::prelude::*;

use crate::{host::TestHost, naive, scene::Scene};

/// Thresholds that pairs of small integer vectors hit exactly, and others.
fn threshold() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![-1.0, -0.5, 0.0, 0.5, 0.8, 1.0]),
        -1.0..=1.0f64
    ]
}

fn params() -> impl Strategy<Value = IdNmsParams> {
    let order = prop::sample::select(vec![Order::Variance, Order::MaxCosine, Order::Given, Order::Random]);
    let small = prop_oneof![2 => Just(0usize), 1 => 1usize..9];
    (threshold(), threshold(), order, small.clone(), small).prop_map(
        |(threshold_real, threshold_selected, order, target, max_per_parent)| IdNmsParams {
            threshold_real,
            threshold_selected,
            order,
            target,
            max_per_parent,
        },
    )
}

fn scenes() -> impl Strategy<Value = Scene> {
    (
        any::<bool>(),
        0usize..70,
        0usize..12,
        1usize..20,
        any::<u64>(),
        any::<bool>(),
    )
        .prop_map(|(coarse, count, real, dim, seed, variance)| {
            let mut scene = if coarse {
                Scene::coarse(count, real, dim, seed)
            } else {
                Scene::smooth(count, real, dim, seed)
            };
            if !variance {
                scene.variance = None;
            }
            scene
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn selection_equals_the_naive_one(scene in scenes(), params in params(), seed: u64, threads in 1u32..5) {
        let expected = naive::select(&scene, &params, seed);
        let got = scene.select(&mut IdNms::configure(params)?, &TestHost::new(seed, threads))?;
        prop_assert_eq!(got, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn the_yield_curve_is_a_selection_at_each_threshold(
        scene in scenes(),
        params in params(),
        grid in prop::collection::vec(threshold(), 0..5),
        seed: u64,
        threads in 1u32..5,
    ) {
        // More than 64 thresholds, unordered and with repetitions, so that sets of them need several words.
        let thresholds: Vec<f32> = grid.iter().map(|t| *t as f32).chain((0..70).map(|i| (i * 37 % 70) as f32 / 69.0)).collect();
        let got = scene.yield_curve(&mut IdNms::configure(params.clone())?, &thresholds, &TestHost::new(seed, threads))?;
        for (threshold, kept) in thresholds.iter().zip(got) {
            let t = f64::from(*threshold);
            let at = IdNmsParams { threshold_real: t, threshold_selected: t, target: 0, ..params.clone() };
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
                &TestHost::new(0, threads),
            )
            .unwrap();
        assert_eq!(got, expected);
    }
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
                .select(&mut IdNms::configure(params).unwrap(), &TestHost::new(0, 2))
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
            &TestHost::new(0, 2),
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
