use circle_loss::{CircleLoss, Params};
use ficta_core::{
    Configure, Ctx, ErrorKind, NullHost, assert_plugin_snapshot, built_library, static_components,
    testing::{LossBatch, Steps, assert_close, check_gradient_with},
};

fn circle(gamma: f64, m: f64, detach_weights: bool) -> CircleLoss {
    CircleLoss::configure(Params {
        gamma,
        m,
        detach_weights,
    })
    .unwrap()
}

/// The formula of the paper, in f64, for one image.
fn by_definition(cosines: &[f32], label: usize, gamma: f64, m: f64) -> f64 {
    let s_p = f64::from(cosines[label]);
    let positive = (1.0 + m - s_p).max(0.0) * (s_p - (1.0 - m));
    let others = cosines
        .iter()
        .enumerate()
        .filter(|(j, _)| *j != label)
        .map(|(_, s)| f64::from(*s));
    others
        .map(|s| (gamma * ((s + m).max(0.0) * (s - m) - positive)).exp())
        .sum::<f64>()
        .ln_1p()
}

#[test]
fn the_value_is_the_papers() {
    let host = NullHost::default();
    for (gamma, m) in [(1.0, 0.25), (32.0, 0.25), (80.0, 0.4)] {
        let batch = LossBatch::random(6, 9, 1);
        let rows = batch.cosines.chunks(9).zip(&batch.labels);
        let expected = rows
            .map(|(row, y)| by_definition(row, *y as usize, gamma, m))
            .sum::<f64>()
            / 6.0;
        let out = batch.evaluate(&mut circle(gamma, m, true), &Ctx::new(&host)).unwrap();
        assert_close(&[out.loss], &[expected], 1e-5, 0.0);
    }
}

#[test]
fn the_gradient_is_the_derivative_where_weights_are_not_detached() {
    for (gamma, m, step) in [
        (1.0, 0.25, 1.0 / 256.0),
        (32.0, 0.25, 1.0 / 1024.0),
        (256.0, 0.25, 1.0 / 8192.0),
    ] {
        let mut batch = LossBatch::random(4, 6, 2);
        // Clear of the kink at alpha = 0.
        batch
            .cosines
            .iter_mut()
            .filter(|c| (**c + 0.25).abs() < 0.02)
            .for_each(|c| *c = -0.3);
        let steps = Steps {
            cosine: step,
            ..Steps::default()
        };
        check_gradient_with(&mut circle(gamma, m, false), &batch, steps)
            .unwrap()
            .assert_within(2e-3);
    }
}

/// Equation 10: the detached gradient is the derivative times alpha / (2 s) for others, and times alpha / (2 (1 - s_p)) for the own class.
#[test]
fn detached_weights_give_the_papers_gradient() {
    let host = NullHost::default();
    let batch = LossBatch::random(4, 6, 3);
    let gradient = |detach| {
        batch
            .evaluate(&mut circle(32.0, 0.25, detach), &Ctx::new(&host))
            .unwrap()
            .cosines
    };
    let (detached, exact) = (gradient(true), gradient(false));
    let expected: Vec<f32> = exact
        .iter()
        .zip(&batch.cosines)
        .enumerate()
        .map(|(i, (g, s))| match (i % 6) as i64 == batch.labels[i / 6] {
            true => g * (1.25 - s).max(0.0) / (2.0 * (1.0 - s)),
            false => g * (s + 0.25).max(0.0) / (2.0 * s),
        })
        .collect();
    assert_close(&detached, &expected, 1e-4, 1e-9);
    assert!(detached.iter().any(|g| g.abs() > 0.1));
}

/// The library as cargo builds it, opened as `ficta` opens it.
#[test]
fn it_keeps_the_contract() {
    let library = built_library!("circle_loss");
    library.check("circle", "{}", &[]).unwrap().assert_passed();
    // With constant weights the gradient is no derivative, on purpose: that check fails, and no other.
    let detached = library.check("circle", r#"{"detach_weights": true}"#, &[]).unwrap();
    assert_eq!(detached.failures(), ["gradient"], "{detached}");
}

/// What it gives on the kit's standard batch.
#[test]
fn its_output_stays() {
    let library = built_library!("circle_loss");
    assert_plugin_snapshot!(library, "circle", r#"{"gamma": 64}"#);
}

#[test]
fn it_is_registered_and_refuses_bad_input() {
    let entry = static_components().into_iter().find(|r| r.name == "circle").unwrap();
    for params in [r#"{"m": 0}"#, r#"{"m": 1}"#, r#"{"gamma": -1}"#, r#"{"scale": 1}"#] {
        assert_eq!(
            entry.make_loss(params).err().unwrap().kind(),
            ErrorKind::CONFIG,
            "{params}"
        );
    }
    let host = NullHost::default();
    let mut loss = entry.make_loss("{}").unwrap();
    let mut batch = LossBatch::random(2, 3, 1);
    batch.cosines[1] = f32::NAN;
    assert_eq!(
        batch.evaluate(loss.as_mut(), &Ctx::new(&host)).unwrap_err().kind(),
        ErrorKind::DATA
    );
}
