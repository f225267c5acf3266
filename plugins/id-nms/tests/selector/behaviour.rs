//! Single statements of the documentation.

use ficta_core::{Configure, Decision, IdSelector, testing::RecordingHost};
use ficta_id_nms::{IdNms, IdNmsParams, KeepAll, KeepAllParams, Order};

use crate::scene::{Decided, Scene};

fn plane(candidates: &[[f32; 2]], real: &[[f32; 2]]) -> Scene {
    Scene {
        dim: 2,
        candidates: candidates.concat(),
        parents: None,
        variance: None,
        real: real.concat(),
        real_variance: vec![0.1; real.len()],
    }
}

fn nms(params: IdNmsParams) -> IdNms {
    IdNms::configure(params).expect("params in range")
}

fn decide(scene: &Scene, params: IdNmsParams) -> Decided {
    scene
        .select(&mut nms(params), &RecordingHost::new(0).with_threads(2))
        .expect("valid input")
}

#[test]
fn a_cosine_equal_to_the_threshold_passes() {
    // 3-4-5: the cosine is 0.6, exact in f64 but for the last bit, which is the same on both sides.
    let scene = plane(&[[3.0, 4.0]], &[[1.0, 0.0]]);
    let exact = 3.0 / 5.0;
    let at = |threshold_real| {
        decide(
            &scene,
            IdNmsParams {
                threshold_real,
                ..IdNmsParams::default()
            },
        )
        .decision[0]
    };
    assert_eq!(at(exact), Decision::KEEP);
    assert_eq!(at(f64::from_bits(exact.to_bits() - 1)), Decision::REAL);
}

#[test]
fn duplicates_fall_except_at_threshold_one() {
    let scene = plane(&[[0.3, 0.7], [0.3, 0.7], [0.3, 0.7]], &[[1.0, -1.0]]);
    let strict = decide(&scene, IdNmsParams::default());
    assert_eq!(
        strict.decision,
        [Decision::KEEP, Decision::SELECTED, Decision::SELECTED]
    );
    assert_eq!(strict.blocker, [-1, 0, 0]);
    let lax = decide(
        &scene,
        IdNmsParams {
            threshold_real: 1.0,
            threshold_selected: 1.0,
            ..IdNmsParams::default()
        },
    );
    assert_eq!(lax.selected, 3);
}

#[test]
fn the_blocker_is_the_most_similar_and_the_lowest_of_equals() {
    let scene = plane(&[[1.0, 0.1]], &[[1.0, 1.0], [1.0, 0.0], [2.0, 0.0]]);
    let got = decide(
        &scene,
        IdNmsParams {
            threshold_real: 0.5,
            ..IdNmsParams::default()
        },
    );
    assert_eq!((got.decision[0], got.blocker[0]), (Decision::REAL, 1));
    assert!((f64::from(f32::from_bits(got.cosine[0])) - 1.0 / 1.01f64.sqrt()).abs() < 1e-7);
}

#[test]
fn a_lower_index_wins_ties_whatever_the_order() {
    // Candidates 2 and 0 are selected in this order, and equally far from 1.
    let mut scene = plane(&[[1.0, 1.0], [1.0, 0.0], [1.0, -1.0]], &[]);
    scene.variance = Some(vec![0.2, 0.1, 0.3]);
    let got = decide(
        &scene,
        IdNmsParams {
            threshold_selected: 0.7,
            ..IdNmsParams::default()
        },
    );
    assert_eq!(got.rank, [1, -1, 0]);
    assert_eq!((got.decision[1], got.blocker[1]), (Decision::SELECTED, 0));
}

#[test]
fn variance_decides_first_and_candidates_without_come_last() {
    let mut scene = plane(&[[1.0, 0.0]; 4], &[]);
    let first = |scene: &Scene, order| {
        let got = decide(
            scene,
            IdNmsParams {
                order,
                ..IdNmsParams::default()
            },
        );
        got.rank.iter().position(|r| *r == 0).expect("one is selected")
    };
    assert_eq!(first(&scene, Order::Variance), 0);
    scene.variance = Some(vec![f32::NAN, 0.0, 0.4, 0.4]);
    assert_eq!(first(&scene, Order::Variance), 2);
    assert_eq!(first(&scene, Order::Given), 0);
}

#[test]
fn exhausted_parents_are_named() {
    let mut scene = plane(&[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], &[[1.0, 1.0], [1.0, -1.0]]);
    scene.parents = Some(vec![0, 1, 1, -1, -1, -1]);
    let got = decide(
        &scene,
        IdNmsParams {
            max_per_parent: 1,
            ..IdNmsParams::default()
        },
    );
    assert_eq!(got.decision, [Decision::KEEP, Decision::PARENT_CAP, Decision::KEEP]);
    assert_eq!(got.blocker, [-1, 1, -1]);
    assert!((f32::from_bits(got.cosine[1]) + 0.5f32.sqrt()).abs() < 1e-6);
}

#[test]
fn after_the_target_nobody_is_looked_at() {
    let scene = plane(&[[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], &[[0.0, -1.0]]);
    let got = decide(
        &scene,
        IdNmsParams {
            target: 2,
            ..IdNmsParams::default()
        },
    );
    assert_eq!(got.decision, [Decision::KEEP, Decision::KEEP, Decision::TARGET_REACHED]);
    assert_eq!((got.selected, got.rank), (2, vec![0, 1, -1]));
}

#[test]
fn nothing_in_nothing_out() {
    let scene = Scene {
        dim: 3,
        candidates: vec![],
        parents: Some(vec![]),
        variance: Some(vec![]),
        real: vec![],
        real_variance: vec![],
    };
    assert_eq!(decide(&scene, IdNmsParams::default()).selected, 0);
    let curve = scene.yield_curve(
        &mut nms(IdNmsParams::default()),
        &[0.5],
        &RecordingHost::new(0).with_threads(1),
    );
    assert_eq!(curve.expect("valid input"), [0]);
}

#[test]
fn a_random_order_follows_from_the_seed() {
    let scene = Scene::smooth(60, 5, 4, 1);
    let mut selector = nms(IdNmsParams {
        order: Order::Random,
        ..IdNmsParams::default()
    });
    let mut rank = |seed, threads| {
        scene
            .select(&mut selector, &RecordingHost::new(seed).with_threads(threads))
            .expect("valid input")
            .rank
    };
    assert_eq!(rank(1, 1), rank(1, 4));
    assert_ne!(rank(1, 1), rank(2, 1));
}

#[test]
fn all_keeps_all_in_the_order_of_nms() {
    let scene = Scene::smooth(40, 5, 6, 3);
    let all = |order, target| {
        let mut selector = KeepAll::configure(KeepAllParams { order, target }).expect("params in range");
        scene
            .select(&mut selector, &RecordingHost::new(7).with_threads(2))
            .expect("valid input")
    };
    for order in [Order::Variance, Order::MaxCosine, Order::Given, Order::Random] {
        let got = all(order, 0);
        assert!(got.decision.iter().all(|d| *d == Decision::KEEP) && got.selected == 40);
        let lax = IdNmsParams {
            threshold_real: 1.0,
            threshold_selected: 1.0,
            order,
            ..IdNmsParams::default()
        };
        let nms = scene
            .select(&mut nms(lax), &RecordingHost::new(7).with_threads(2))
            .expect("valid input");
        assert_eq!(got, nms);
    }
    let some = all(Order::Given, 3);
    assert_eq!(some.selected, 3);
    assert!(some.decision[3..].iter().all(|d| *d == Decision::TARGET_REACHED));
    assert!(some.decision[..3].iter().all(|d| *d == Decision::KEEP));
}

#[test]
fn all_has_no_yield_curve() {
    let mut selector: Box<dyn IdSelector> =
        Box::new(KeepAll::configure(KeepAllParams::default()).expect("params in range"));
    let error = Scene::smooth(4, 2, 3, 1)
        .yield_curve(&mut *selector, &[0.5], &RecordingHost::new(0).with_threads(1))
        .expect_err("no threshold");
    assert_eq!(error.kind(), ficta_core::ErrorKind::UNSUPPORTED);
}
