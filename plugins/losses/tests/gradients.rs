//! Gradients against finite differences.

use ficta_core::testing::{LossBatch, Steps, check_gradient, check_gradient_with};
use ficta_core::{Configure, Ctx, NullHost, static_components};
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

/// All others, by name; norms are stepped where the loss differentiates through them.
#[test]
fn every_other_loss() {
    for (name, params, through_norms) in [
        ("softmax", r#"{"scale": 64}"#, false),
        ("softmax", r#"{"scale": null}"#, true),
        ("combined-margin", "{}", false),
        ("combined-margin", r#"{"m1": 1.35, "m2": 0.1, "m3": 0.1}"#, false),
        ("sphereface", "{}", true),
        ("sphereface", r#"{"scale": 30, "lambda_min": 0, "base": 0}"#, false),
        ("adaface", "{}", false),
        ("elasticface-arc", r#"{"deviation": 0.1}"#, false),
        ("elasticface-cos", r#"{"deviation": 0.1}"#, false),
        // No curriculum yet, and none to come: the running average is a constant in the gradient.
        ("curricularface", r#"{"t_alpha": 0}"#, false),
        ("magface", "{}", true),
        ("magface", r#"{"easy_margin": false, "lambda_g": 0}"#, true),
    ] {
        let entry = static_components().into_iter().find(|r| r.name == name).unwrap();
        let mut loss = entry.make_loss(params).unwrap();
        let mut batch = LossBatch::random(4, 6, 5);
        batch.cosines.iter_mut().for_each(|c| *c *= 0.8);
        let steps = Steps {
            cosine: 1.0 / 4096.0,
            norm: through_norms.then_some(1.0 / 64.0),
        };
        let report = check_gradient_with(loss.as_mut(), &batch, steps).unwrap();
        println!("{name} {params}: {}", report.worst());
        report.assert_within(2e-3);
    }
}

/// Hard classes have the logit cos (t + cos). The t comes from a saved state, which no batch moves here.
#[test]
fn curricularface_with_a_curriculum() {
    let entry = static_components()
        .into_iter()
        .find(|r| r.name == "curricularface")
        .unwrap();
    let mut batch = LossBatch::random(4, 6, 5);
    batch.cosines.iter_mut().for_each(|c| *c *= 0.8);
    let host = NullHost::default();
    let mut seen = Vec::new();
    for t in [0.0f64, 0.1, 0.7] {
        let mut loss = entry.make_loss(r#"{"t_alpha": 0}"#).unwrap();
        loss.load_state(&t.to_le_bytes()).unwrap();
        let steps = Steps {
            cosine: 1.0 / 4096.0,
            norm: None,
        };
        let report = check_gradient_with(loss.as_mut(), &batch, steps).unwrap();
        println!("t = {t}: {}", report.worst());
        report.assert_within(2e-3);
        seen.push(batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap().loss);
    }
    assert!(
        seen[0] < seen[1] && seen[1] < seen[2],
        "no class is hard, so that t plays no part: {seen:?}"
    );
}
