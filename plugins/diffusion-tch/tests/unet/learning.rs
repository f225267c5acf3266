//! That training trains.

use ficta_core::{Ctx, Denoiser, random::Stream, testing::RecordingHost};
use ficta_diffusion_tch::{Params, PredictionTarget};
use ficta_tch_bridge::Precision;

use crate::setup::{DIM, PIXELS, data, params, predict, train, unet};

/// Mean squared error of the clean image that the prediction at timestep `t` implies.
fn error_of_clean_image(
    unet: &mut ficta_diffusion_tch::UnetDenoiser,
    t: i64,
    condition: Option<&[f32]>,
    host: &RecordingHost,
) -> f64 {
    let (images, _) = data(8);
    let alpha_bar = unet.info().alpha_bar[t as usize];
    let (a, b) = (alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt());
    let mut noise = vec![0f32; images.len()];
    Stream::new(9, "test/noise", 0, 0).fill_normal(&mut noise);
    let x: Vec<f32> = images
        .iter()
        .zip(&noise)
        .map(|(x, n)| (a * f64::from(*x) + b * f64::from(*n)) as f32)
        .collect();
    let v = predict(unet, &x, &[t; 8], condition, host).unwrap();
    let squares = images
        .iter()
        .zip(&x)
        .zip(&v)
        .map(|((x_0, x), v)| (a * f64::from(*x) - b * f64::from(*v) - f64::from(*x_0)).powi(2));
    squares.sum::<f64>() / images.len() as f64
}

#[test]
fn eight_images_are_learned_by_their_conditions() {
    for precision in [Precision::F32, Precision::Bf16] {
        let host = RecordingHost::new(0).with_threads(2);
        let mut unet = unet(Params {
            precision,
            ema_decay: 0.9,
            ..params()
        });
        let (images, conditions) = data(8);
        let (t, steps) = (600, 150);
        let before = error_of_clean_image(&mut unet, t, Some(&conditions), &host);
        let losses: Vec<f64> = (0..steps)
            .map(|step| train(&mut unet, &images, &conditions, 8 * step, 4e-3, &host).unwrap())
            .collect();
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (start, end) = (mean(&losses[..5]), mean(&losses[losses.len() - 20..]));
        assert!(end < 0.35 * start, "{precision:?}: loss {start} to {end}");
        let after = error_of_clean_image(&mut unet, t, Some(&conditions), &host);
        assert!(after < 0.25 * before, "{precision:?}: error {before} to {after}");
        // At this much noise the image must come from the condition: a wrong one, or none, does worse.
        let mut swapped = conditions.clone();
        swapped.rotate_left(DIM);
        let wrong = error_of_clean_image(&mut unet, t, Some(&swapped), &host);
        let none = error_of_clean_image(&mut unet, t, None, &host);
        assert!(
            wrong > 1.5 * after && none > after,
            "{precision:?}: right {after}, wrong {wrong}, none {none}"
        );
    }
}

#[test]
fn every_prediction_target_can_be_learned() {
    let host = RecordingHost::new(0).with_threads(2);
    let (images, conditions) = data(8);
    for prediction in [PredictionTarget::V, PredictionTarget::Epsilon, PredictionTarget::Sample] {
        let mut unet = unet(Params { prediction, ..params() });
        let losses: Vec<f64> = (0..60)
            .map(|step| train(&mut unet, &images, &conditions, 8 * step, 4e-3, &host).unwrap())
            .collect();
        let (start, end) = (
            losses[..5].iter().sum::<f64>() / 5.0,
            losses[50..].iter().sum::<f64>() / 10.0,
        );
        assert!(end < 0.8 * start, "{prediction:?}: {start} to {end}");
    }
}

/// The first prediction is 0, whose squared error against v is that of v itself.
#[test]
fn the_first_loss_is_the_targets_variance() {
    let host = RecordingHost::new(0).with_threads(2);
    let (images, conditions) = data(200);
    let mut unet = unet(Params {
        micro_batch: 50,
        ..params()
    });
    let loss = train(&mut unet, &images, &conditions, 0, 0.0, &host).unwrap();
    // E v^2 = E abar + E (1 - abar) x^2, with E abar = 1/2 for the cosine schedule.
    let power = images.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / (200 * PIXELS) as f64;
    assert!((loss / (0.5 + 0.5 * power) - 1.0).abs() < 0.1, "{loss} {power}");
}

#[test]
fn a_learning_rate_of_zero_changes_nothing() {
    let host = RecordingHost::new(0).with_threads(1);
    let (images, conditions) = data(4);
    let mut unet = unet(params());
    let losses = [0.0, 0.0].map(|rate| train(&mut unet, &images, &conditions, 5, rate, &host).unwrap());
    assert_eq!(losses[0].to_bits(), losses[1].to_bits());
    let info = unet.info();
    assert_eq!((info.condition_dim, info.height, info.alpha_bar.len()), (DIM, 16, 1000));
    unet.initialise(5, 2, &Ctx::new(&host)).unwrap();
    assert_eq!(unet.info().condition_dim, 5);
}
