//! The whole protocol against NumPy and scikit-learn.

use std::path::Path;

use serde_json::Value;

use super::{bootstrap::interval, folds::contiguous, *};
use crate::storage::{Tensor, Values, npy};

fn expected() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/evaluation.json")).unwrap()
}

/// Features, those of the mirror images, answers.
fn given() -> (Tensor, Tensor, Vec<bool>) {
    let both = npy::parse(include_bytes!("../../tests/fixtures/evaluation.npy")).unwrap();
    let Values::F32(values) = both.values() else {
        panic!("f32")
    };
    let (n, width) = (both.shape()[0], both.shape()[1]);
    let half = |from: usize| {
        let rows = values.chunks_exact(width).flat_map(|row| &row[from..from + width / 2]);
        Tensor::new(&[n, width / 2], rows.copied().collect()).unwrap()
    };
    let same = expected()["same"].as_array().unwrap().iter().map(|s| s == 1).collect();
    (half(0), half(width / 2), same)
}

fn rows(pairs: usize) -> Vec<[usize; 2]> {
    (0..pairs).map(|k| [2 * k, 2 * k + 1]).collect()
}

fn near(got: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((got - expected).abs() < 1e-12, "{what}: {got}, expected {expected}");
}

fn all_near(got: &[f64], expected: &Value, what: &str) {
    let expected = expected.as_array().unwrap();
    assert_eq!(got.len(), expected.len(), "{what}");
    got.iter().zip(expected).for_each(|(g, e)| near(*g, e, what));
}

#[test]
fn every_figure_equals_numpys() {
    let (feature, flip, same) = given();
    let fold = contiguous(same.len(), 10);
    let answers = Answers {
        same: &same,
        fold: &fold,
        folds: 10,
    };
    let both = Features::new(Path::new("f"), feature.clone(), Some(flip)).unwrap();
    let alone = Features::new(Path::new("f"), feature, None).unwrap();
    for (name, protocol) in [("insightface", Protocol::Insightface), ("cosine", Protocol::Cosine)] {
        let f = &expected()[name];
        let distances = both.distances(&rows(same.len()), protocol).unwrap();
        let shown: Vec<f64> = distances.iter().map(|d| protocol.shown(*d)).collect();
        all_near(&shown, &f["distances"], "distances");
        let (m, curve) = measure(&distances, answers, protocol, 0.02).unwrap();
        near(m.accuracy, &f["accuracy"], "accuracy");
        near(m.deviation, &f["deviation"], "deviation");
        all_near(&m.fold_accuracies, &f["fold_accuracies"], "fold_accuracies");
        all_near(&m.thresholds, &f["thresholds"], "thresholds");
        near(m.val.val, &f["val"], "val");
        near(m.val.deviation, &f["val_deviation"], "val_deviation");
        near(m.val.far, &f["far"], "far");
        near(m.eer, &f["eer"], "eer");
        near(m.tar[0].tar.unwrap(), &f["tar"]["0.1"], "tar at 0.1");
        near(m.tar[1].tar.unwrap(), &f["tar"]["0.01"], "tar at 0.01");
        assert_eq!(
            (m.tar[2].tar, m.tar[3].tar),
            (None, None),
            "100 impostors cannot show 0.001"
        );
        assert_eq!(curve.points.last(), Some(&(1.0, 1.0)));
        assert_eq!((m.genuine, m.impostor), (103, 100));

        // Another order of the images, and a rate between the two lowest.
        let backwards: Vec<[usize; 2]> = rows(same.len()).iter().rev().map(|[a, b]| [*b, *a]).collect();
        let reversed = both.distances(&backwards, protocol).unwrap();
        let (m, _) = measure(&reversed, answers, protocol, 0.005).unwrap();
        let f = &expected()[format!("{name}_reversed")];
        near(m.val.val, &f["val"], "val at 0.005");
        near(m.val.deviation, &f["val_deviation"], "val_deviation at 0.005");
        near(m.val.far, &f["far"], "far at 0.005");

        let distances = alone.distances(&rows(same.len()), protocol).unwrap();
        let (m, _) = measure(&distances, answers, protocol, 0.02).unwrap();
        let f = &expected()[format!("{name}_feature_only")];
        near(m.accuracy, &f["accuracy"], "accuracy without mirror images");
        near(m.val.val, &f["val"], "val without mirror images");
        near(m.eer, &f["eer"], "eer without mirror images");
    }
}

#[test]
fn a_rate_that_is_never_reached_accepts_nothing() {
    // Impostors lie opposite: no threshold below 4 accepts one.
    let distances = [0.0, 0.0, 4.0, 4.0];
    let same = [true, true, false, false];
    let answers = Answers {
        same: &same,
        fold: &[0, 1, 0, 1],
        folds: 2,
    };
    let (m, _) = measure(&distances, answers, Protocol::Insightface, 0.01).unwrap();
    assert_eq!((m.accuracy, m.val.val, m.val.far), (1.0, 0.0, 0.0));
}

#[test]
fn the_paired_bootstrap_tells_apart_what_differs() {
    let (feature, flip, same) = given();
    let fold = contiguous(same.len(), 10);
    let answers = Answers {
        same: &same,
        fold: &fold,
        folds: 10,
    };
    let features = Features::new(Path::new("f"), feature, Some(flip)).unwrap();
    let good = features.distances(&rows(same.len()), Protocol::Insightface).unwrap();
    // A network that knows nothing of the second image.
    let mut bad = good.clone();
    bad.rotate_left(7);
    let duel = |first, second| Duel { answers, first, second };
    let duels = [duel(&good[..], &bad[..]), duel(&good[..], &good[..])];
    let out = compare(&duels, Protocol::Insightface, 200, 3);
    assert_eq!(out, compare(&duels, Protocol::Insightface, 200, 3));
    assert_ne!(out, compare(&duels, Protocol::Insightface, 200, 4));
    let accuracy = |d: &[f64]| measure(d, answers, Protocol::Insightface, 0.1).unwrap().0.accuracy;
    assert!((out[0].difference - (accuracy(&good) - accuracy(&bad))).abs() < 1e-12);
    let ci = out[0].interval.unwrap();
    assert!(
        ci.lower > 0.0 && ci.lower < out[0].difference && out[0].difference < ci.upper + 0.05,
        "{ci:?}"
    );
    assert!(out[0].first_better > 0.97);
    assert_eq!((out[1].difference, out[1].first_better), (0.0, 0.5));
    assert_eq!(out[1].interval.unwrap(), Interval { lower: 0.0, upper: 0.0 });
    assert!((out[2].difference - out[0].difference / 2.0).abs() < 1e-12);
    assert!(interval(&[0.0; 10]).is_none());
}

#[test]
fn features_without_direction_are_named() {
    let feature =
        |values: Vec<f32>| Features::new(Path::new("a.npy"), Tensor::new(&[2, 2], values).unwrap(), None).unwrap();
    let message = |values| {
        feature(values)
            .distances(&[[0, 1]], Protocol::Insightface)
            .unwrap_err()
            .message()
            .to_owned()
    };
    assert_eq!(
        message(vec![1.0, 0.0, 0.0, 0.0]),
        "a.npy: the feature of row 1 has length 0, and so no direction"
    );
    assert_eq!(
        message(vec![1.0, f32::NAN, 0.0, 1.0]),
        "a.npy: the feature of row 0 holds NaN at column 1"
    );
    assert!(
        feature(vec![1.0; 4])
            .distances(&[[0, 2]], Protocol::Cosine)
            .unwrap_err()
            .message()
            .contains("there is no row 2, only 2")
    );
    let flat = Features::new(Path::new("a.npy"), Tensor::new(&[4], vec![1f32; 4]).unwrap(), None);
    assert!(flat.err().unwrap().message().contains("expected floats [N,d]"));
    let labels = Features::new(Path::new("a.npy"), Tensor::new(&[2, 2], vec![1i64; 4]).unwrap(), None);
    assert!(labels.err().unwrap().message().contains("expected floats [N,d]"));
}

#[test]
fn pairs_that_cannot_be_measured_are_refused() {
    let message = |same: &[bool], fold: &[usize], folds| {
        let distances = vec![1.0; same.len()];
        let answers = Answers { same, fold, folds };
        measure(&distances, answers, Protocol::Insightface, 0.1)
            .unwrap_err()
            .message()
            .to_owned()
    };
    assert_eq!(message(&[true, true], &[0, 1], 2), "none of 2 pairs is impostor");
    assert_eq!(message(&[false, false], &[0, 1], 2), "none of 2 pairs is genuine");
    assert!(message(&[true, false], &[0, 0], 2).contains("2 pairs in 2 folds"));
    assert!(message(&[true, false], &[0, 2], 2).contains("folds of pairs below 2"));
}
