//! Farthest point first, against the definition as plain loops.

use ficta_core::{Configure, Decision, ErrorKind, testing::RecordingHost};
use ficta_id_nms::{Checkpoint, KCentre, KCentreParams};
use proptest::prelude::*;

use crate::{
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
        .select(&mut selector, &RecordingHost::new(0).with_threads(threads))
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
        let params = KCentreParams { target, threshold, checkpoint: None };
        prop_assert_eq!(decide(&scene, params.clone(), threads), naive(&scene, &params));
    }
}

#[test]
fn many_centres_and_threads_change_nothing() {
    let scene = Scene::smooth(400, 20, 12, 5);
    let params = KCentreParams {
        target: 150,
        threshold: 1.0,
        checkpoint: None,
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
        let params = KCentreParams {
            threshold,
            ..KCentreParams::default()
        };
        let error = KCentre::configure(params).expect_err("out of range");
        assert_eq!(error.kind(), ErrorKind::CONFIG);
        assert!(error.message().contains("threshold"), "{error}");
    }
}

/// Stopped after ever more reports of progress, each time going on from where it stood.
#[test]
fn what_was_stopped_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::smooth(2000, 40, 16, 5);
    for (number, (target, threshold)) in [(150, 1.0), (0, 0.6), (0, -1.0)].into_iter().enumerate() {
        let undisturbed = KCentreParams {
            target,
            threshold,
            checkpoint: None,
        };
        let params = KCentreParams {
            checkpoint: Some(Checkpoint {
                file: folder.path().join(format!("{number}.state")),
                every: 0.0,
            }),
            ..undisturbed.clone()
        };
        let mut went_on = 0;
        let found = (0..1000)
            .zip([1, 2, 3].into_iter().cycle())
            .find_map(|(stops, threads)| {
                let host = RecordingHost::new(0).with_threads(threads).cancel_after(3 + stops);
                let mut selector = KCentre::configure(params.clone()).expect("params in range");
                let found = scene.select(&mut selector, &host).ok();
                went_on += usize::from(host.heard("goes on after"));
                found
            });
        assert_eq!(found.expect("an end"), decide(&scene, undisturbed, 2), "{params:?}");
        // With a threshold that nobody meets nothing is selected, and nothing written down.
        assert_eq!(went_on > 0, threshold > -1.0, "{params:?}");
    }
}
