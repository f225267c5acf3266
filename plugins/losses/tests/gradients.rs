//! Gradients against finite differences.

use ficta_core::Configure;
use ficta_core::testing::{LossBatch, Steps, check_gradient, check_gradient_with};
use ficta_losses::{ArcFace, ArcFaceParams, CosFace, CosFaceParams};

#[test]
fn cosface() {
    for (scale, margin) in [(64.0, 0.4), (30.0, 0.35), (1.0, 0.0)] {
        let mut loss = CosFace::configure(CosFaceParams { scale, margin }).unwrap();
        check_gradient(&mut loss, &LossBatch::random(4, 6, 1))
            .unwrap()
            .assert_within(1e-3);
    }
}

#[test]
fn arcface_in_every_branch() {
    for (scale, margin, easy_margin) in [(64.0, 0.5, false), (64.0, 0.5, true), (16.0, 1.2, false)] {
        let params = ArcFaceParams {
            scale,
            margin,
            easy_margin,
            straight_through: false,
        };
        let mut loss = ArcFace::configure(params).unwrap();
        let mut batch = LossBatch::random(5, 6, 2);
        // Own cosines on either side of both switches (0 and cos(pi - m)), clear of them by more than two steps.
        for (row, cosine) in [0.8, 0.1, -0.1, -0.6, -0.95].into_iter().enumerate() {
            batch.cosines[row * 6 + batch.labels[row] as usize] = cosine;
        }
        let steps = Steps {
            cosine: 1.0 / 2048.0,
            ..Steps::default()
        };
        check_gradient_with(&mut loss, &batch, steps)
            .unwrap()
            .assert_within(2e-3);
    }
}

/// The kit must be able to say no: a gradient that is passed straight through is not the value's derivative.
#[test]
fn straight_through_is_no_derivative() {
    let mut loss = ArcFace::configure(ArcFaceParams {
        straight_through: true,
        ..ArcFaceParams::default()
    })
    .unwrap();
    let worst = check_gradient(&mut loss, &LossBatch::random(4, 6, 1)).unwrap().worst();
    assert!(worst.error > 0.01, "{worst}");
}
