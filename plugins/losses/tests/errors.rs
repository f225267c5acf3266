//! Bad parameters and bad batches.

use ficta_core::{Configure, Ctx, Error, ErrorKind, Loss, NullHost, static_components, testing::LossBatch};
use ficta_losses::{ArcFace, ArcFaceParams, CosFace, CosFaceParams};

fn losses() -> [Box<dyn Loss>; 2] {
    [
        Box::new(CosFace::configure(CosFaceParams::default()).unwrap()),
        Box::new(ArcFace::configure(ArcFaceParams::default()).unwrap()),
    ]
}

fn errors(edit: impl Fn(&mut LossBatch)) -> [Error; 2] {
    let host = NullHost::default();
    losses().map(|mut loss| {
        let mut batch = LossBatch::random(3, 4, 1);
        edit(&mut batch);
        let error = batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap_err();
        // A loss stays usable after a bad batch.
        LossBatch::random(3, 4, 1)
            .evaluate(loss.as_mut(), &Ctx::new(&host))
            .unwrap();
        error
    })
}

#[test]
fn bad_batches_are_named() {
    for label in [4, -1, i64::MIN, i64::MAX] {
        for error in errors(|b| b.labels[2] = label) {
            assert_eq!(error.kind(), ErrorKind::DATA);
            assert_eq!(
                error.message(),
                format!("label of row 2 is {label}, but there are 4 classes")
            );
        }
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for error in errors(|b| b.cosines[7] = bad) {
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::DATA, &*format!("cosine of row 1 to class 3 is {bad}"))
            );
        }
    }
    for error in errors(|b| b.norms.push(1.0)) {
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::SHAPE, "norms: expected shape [3], got [4]")
        );
    }
    let empty = |b: &mut LossBatch| *b = LossBatch::random(0, 4, 1);
    for error in errors(empty) {
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::SHAPE, "cosines: empty, shape [0, 4]")
        );
    }
}

#[test]
fn norms_are_not_used() {
    let host = NullHost::default();
    for mut loss in losses() {
        let mut batch = LossBatch::random(3, 4, 1);
        let before = batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap();
        batch.norms.fill(0.0);
        assert_eq!(batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap(), before);
    }
}

#[test]
fn a_target_at_the_very_centre_keeps_a_finite_gradient() {
    let host = NullHost::default();
    for mut loss in losses() {
        for cosine in [1.0, 1.000_000_1, -1.0, -1.000_000_1] {
            let mut batch = LossBatch::random(1, 4, 1);
            batch.cosines[batch.labels[0] as usize] = cosine;
            let out = batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap();
            assert!(
                out.loss.is_finite() && out.cosines.iter().all(|g| g.is_finite()),
                "{cosine}: {out:?}"
            );
        }
    }
}

#[test]
fn bad_parameters_are_refused() {
    let refusal = |name: &str, params: &str| {
        let entry = static_components().into_iter().find(|r| r.name == name).unwrap();
        let error = entry.make_loss(params).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::CONFIG);
        error.to_string()
    };
    insta::assert_snapshot!(refusal("cosface", r#"{"margin": 2}"#), @r"
    margin: expected 0 <= margin < 2, got 2
      fix: usual: 0.35 (CosFace paper) or 0.4 (arcface_torch)
    ");
    insta::assert_snapshot!(refusal("cosface", r#"{"scale": 0}"#), @r"
    scale: expected a number above 0, got 0
      fix: 64 is the usual value
    ");
    insta::assert_snapshot!(refusal("arcface", r#"{"margin": -0.1}"#), @r"
    margin: expected 0 <= margin < 3.141592653589793, got -0.1
      fix: usual: 0.5
    ");
    assert!(refusal("cosface", r#"{"scale": 1e39}"#).starts_with("scale: expected"));
    assert!(refusal("arcface", r#"{"easy": true}"#).contains("unknown field `easy`"));
    assert!(refusal("arcface", r#"{"margin": 1e99}"#).contains("margin"));
}
