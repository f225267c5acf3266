//! What bad input leads to.

use ficta_core::{Configure, Error, ErrorKind, testing::RecordingHost};
use ficta_id_nms::{IdNms, IdNmsParams, KeepAll, KeepAllParams, Order};

use crate::scene::Scene;

fn assert_says(error: &Error, kind: ErrorKind, words: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(words), "{error}");
}

/// The errors of both calls of `id-nms`, and of `all`, must be the same.
fn failure(scene: &Scene, params: IdNmsParams) -> Error {
    let host = RecordingHost::new(0).with_threads(2);
    let mut nms = IdNms::configure(params).expect("params in range");
    let error = scene.select(&mut nms, &host).expect_err("bad input");
    assert_eq!(
        scene.yield_curve(&mut nms, &[0.5], &host).expect_err("bad input"),
        error
    );
    error
}

#[test]
fn broken_rows_are_named() {
    for (value, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut scene = Scene::smooth(9, 4, 5, 1);
        scene.candidates[6 * 5 + 2] = value;
        assert_says(
            &failure(&scene, IdNmsParams::default()),
            ErrorKind::DATA,
            &format!("candidate row 6 is {word} in dimension 2"),
        );
        let mut all = KeepAll::configure(KeepAllParams::default()).expect("params in range");
        let error = scene
            .select(&mut all, &RecordingHost::new(0).with_threads(1))
            .expect_err("bad input");
        assert_says(&error, ErrorKind::DATA, "candidate row 6");
    }
    let mut scene = Scene::smooth(9, 4, 5, 1);
    scene.real[3 * 5..].fill(0.0);
    assert_says(
        &failure(&scene, IdNmsParams::default()),
        ErrorKind::DATA,
        "real identity row 3 is zero",
    );
    let mut scene = Scene::smooth(9, 4, 5, 1);
    scene.variance.as_mut().expect("given")[4] = f32::INFINITY;
    assert_says(
        &failure(&scene, IdNmsParams::default()),
        ErrorKind::DATA,
        "variance of candidate row 4 is inf",
    );
}

#[test]
fn parents_must_exist_where_they_count() {
    let mut scene = Scene::smooth(9, 4, 5, 1);
    scene.parents.as_mut().expect("given")[5] = 4;
    let capped = IdNmsParams {
        max_per_parent: 2,
        ..IdNmsParams::default()
    };
    assert_says(
        &failure(&scene, capped.clone()),
        ErrorKind::DATA,
        "candidate row 2 has parent 4, expected -1 or a row of 4",
    );
    scene.parents = None;
    assert_says(&failure(&scene, capped), ErrorKind::CONFIG, "max_per_parent = 2");
}

#[test]
fn shapes_that_disagree() {
    let mut scene = Scene::smooth(9, 4, 5, 1);
    scene.variance.as_mut().expect("given").pop();
    assert_says(
        &failure(&scene, IdNmsParams::default()),
        ErrorKind::SHAPE,
        "variance of the candidates: expected shape [9], got [8]",
    );
}

#[test]
fn thresholds_out_of_range() {
    for bad in [-1.1, 1.1, f64::NAN, f64::INFINITY] {
        for (params, key) in [
            (
                IdNmsParams {
                    threshold_real: bad,
                    ..IdNmsParams::default()
                },
                "threshold_real",
            ),
            (
                IdNmsParams {
                    threshold_selected: bad,
                    ..IdNmsParams::default()
                },
                "threshold_selected",
            ),
        ] {
            assert_says(
                &IdNms::configure(params).expect_err("out of range"),
                ErrorKind::CONFIG,
                key,
            );
        }
        let mut nms = IdNms::configure(IdNmsParams::default()).expect("params in range");
        let error =
            Scene::smooth(4, 2, 3, 1).yield_curve(&mut nms, &[0.1, bad as f32], &RecordingHost::new(0).with_threads(1));
        assert_says(
            &error.expect_err("out of range"),
            ErrorKind::CONFIG,
            "threshold 1 of the yield curve",
        );
    }
}

#[test]
fn stops_when_asked_to() {
    let scene = Scene::smooth(800, 20, 8, 1);
    for order in [Order::Variance, Order::MaxCosine] {
        for patience in 0..3 {
            let host = || RecordingHost::new(0).with_threads(2).cancel_after(patience);
            let mut nms = IdNms::configure(IdNmsParams {
                order,
                ..IdNmsParams::default()
            })
            .expect("params in range");
            assert_eq!(
                scene.select(&mut nms, &host()).expect_err("cancelled").kind(),
                ErrorKind::CANCELLED
            );
            assert_eq!(
                scene
                    .yield_curve(&mut nms, &[0.5], &host())
                    .expect_err("cancelled")
                    .kind(),
                ErrorKind::CANCELLED
            );
        }
    }
}
