//! Farthest point first, against the definition as plain loops.

use ficta_core::{Configure, Decision, ErrorKind};
use ficta_id_nms::{KCentre, KCentreParams};
use proptest::prelude::*;

use crate::{
    host::TestHost,
    naive::cosine,
    scene::{Decided, Scene},
};

/// Each time looks at every candidate and every centre.
fn naive(scene: &Scene, params: &KCentreParams) -> Decided {
    let k = scene.len();
    let mut out = Decided::unseen(k);
    let mut selected: Vec<usize> = Vec::new();
    // The nearest centre: cosine, what it is, index.
    let nearest = |i: usize, selected: &[usize]| {
        let real = (0..scene.real_len()).map(|j| (cosine(scene.candidate(i), scene.real(j)), 0, j));
        let others = selected
            .iter()
            .map(|j| (cosine(scene.candidate(i), scene.candidate(*j)), 1, *j));
        real.chain(others)
            .max_by(|a, b| a.0.total_cmp(&b.0).then((b.1, b.2).cmp(&(a.1, a.2))))
    };
    while selected.len() < if params.target == 0 { k } else { params.target } {
        let left = (0..k).filter(|i| !selected.contains(i));
        let far = left.map(|i| (nearest(i, &selected).map_or(-1.0, |n| n.0), i));
        match far.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))) {
            Some((cosine, i)) if cosine <= params.threshold => selected.push(i),
            _ => break,
        }
    }
    for i in 0..k {
        if let Some(rank) = selected.iter().position(|s| *s == i) {
            (out.decision[i], out.rank[i]) = (Decision::KEEP, rank as i64);
        } else if let Some((cosine, what, j)) = nearest(i, &selected).filter(|n| n.0 > params.threshold) {
            out.decision[i] = [Decision::REAL, Decision::SELECTED][what];
            (out.blocker[i], out.cosine[i]) = (j as i64, (cosine as f32).to_bits());
        }
    }
    out.selected = selected.len();
    out
}

fn decide(scene: &Scene, params: KCentreParams, threads: u32) -> Decided {
    let mut selector = KCentre::configure(params).expect("params in range");
    scene
        .select(&mut selector, &TestHost::new(0, threads))
        .expect("valid input")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn equals_the_naive_one(
        kind in 0..3usize, count in 0usize..60, real in 0usize..8, dim in 1usize..12, seed: u64,
        target in 0usize..70, threshold in prop_oneof![Just(1.0), Just(-1.0), -1.0..=1.0f64], threads in 1u32..4,
    ) {
        let scene = match kind {
            0 => Scene::coarse(count, real, dim, seed),
            1 => Scene::smooth(count, real, dim, seed),
            _ => Scene::children(count, 1 + real, 60 + dim, 0.02, false, seed),
        };
        let params = KCentreParams { target, threshold };
        prop_assert_eq!(decide(&scene, params.clone(), threads), naive(&scene, &params));
    }
}

#[test]
fn many_centres_and_threads_change_nothing() {
    let scene = Scene::smooth(400, 20, 12, 5);
    let params = KCentreParams {
        target: 150,
        threshold: 1.0,
    };
    let expected = naive(&scene, &params);
    assert_eq!(expected.selected, 150);
    for threads in [1, 3] {
        assert_eq!(decide(&scene, params.clone(), threads), expected);
    }
}

#[test]
fn a_threshold_out_of_range_is_refused() {
    for threshold in [-1.1, f64::NAN] {
        let error = KCentre::configure(KCentreParams { target: 0, threshold }).expect_err("out of range");
        assert_eq!(error.kind(), ErrorKind::CONFIG);
        assert!(error.message().contains("threshold"), "{error}");
    }
}
