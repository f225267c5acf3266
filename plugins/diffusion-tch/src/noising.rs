//! The forward process: noisy images and what the network shall make of them.

use ficta_core::random::Stream;

use crate::{Params, PredictionTarget};

/// A training batch, row by row in plain memory.
pub(crate) struct NoisyBatch {
    /// x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps.
    pub x_t: Vec<f32>,
    /// What is to be predicted.
    pub target: Vec<f32>,
    /// Timestep of each row.
    pub t: Vec<i64>,
    /// 1 where the row keeps its condition, else 0.
    pub present: Vec<f32>,
}

impl NoisyBatch {
    /// Row b draws, from its seed alone and in this order: t, whether its condition is dropped, eps.
    pub(crate) fn draw(images: &[f32], seeds: &[u64], params: &Params, alpha_bar: &[f64]) -> Self {
        let pixels = images.len() / seeds.len();
        let mut out = Self {
            x_t: vec![0.0; images.len()],
            target: vec![0.0; images.len()],
            t: Vec::new(),
            present: Vec::new(),
        };
        let noisy = out.x_t.chunks_mut(pixels).zip(out.target.chunks_mut(pixels));
        for ((seed, image), (x_t, target)) in seeds.iter().zip(images.chunks(pixels)).zip(noisy) {
            let (t, present) = draw_row(*seed, image, params, alpha_bar, x_t, target);
            out.t.push(t);
            out.present.push(present);
        }
        out
    }
}

fn draw_row(
    seed: u64,
    image: &[f32],
    params: &Params,
    alpha_bar: &[f64],
    x_t: &mut [f32],
    target: &mut [f32],
) -> (i64, f32) {
    let mut stream = Stream::new(seed, "unet/train", 0, 0);
    let t = stream.below(alpha_bar.len() as u64);
    let dropped = stream.uniform() < params.condition_dropout;
    stream.fill_normal(target);
    let (a, b) = (
        alpha_bar[t as usize].sqrt() as f32,
        (1.0 - alpha_bar[t as usize]).sqrt() as f32,
    );
    for ((x_0, x_t), target) in image.iter().zip(x_t).zip(target) {
        let noise = *target;
        *x_t = a * x_0 + b * noise;
        *target = match params.prediction {
            PredictionTarget::V => a * noise - b * x_0,
            PredictionTarget::Epsilon => noise,
            PredictionTarget::Sample => *x_0,
        };
    }
    (t as i64, f32::from(!dropped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schedule;

    fn draw(prediction: PredictionTarget, seeds: &[u64]) -> (Vec<f32>, NoisyBatch) {
        let params = Params {
            prediction,
            condition_dropout: 0.3,
            ..Params::default()
        };
        let mut images = vec![0f32; seeds.len() * 5];
        for (image, seed) in images.chunks_mut(5).zip(seeds) {
            Stream::new(*seed, "image", 0, 0).fill_normal(image);
        }
        let batch = NoisyBatch::draw(&images, seeds, &params, &Schedule::Cosine.alpha_bar(1000));
        (images, batch)
    }

    #[test]
    fn targets_and_noisy_images_give_the_clean_image_back() {
        let alpha_bar = Schedule::Cosine.alpha_bar(1000);
        let seeds: Vec<u64> = (0..200).collect();
        for prediction in [PredictionTarget::V, PredictionTarget::Epsilon, PredictionTarget::Sample] {
            let (images, batch) = draw(prediction, &seeds);
            for (i, x_0) in images.iter().enumerate() {
                let abar = alpha_bar[batch.t[i / 5] as usize];
                let (a, b) = (abar.sqrt(), (1.0 - abar).sqrt());
                let (x_t, out) = (f64::from(batch.x_t[i]), f64::from(batch.target[i]));
                // Each prediction's own formula for x_0, multiplied by a where it would divide by it.
                let (back, scale) = match prediction {
                    PredictionTarget::V => (a * x_t - b * out, 1.0),
                    PredictionTarget::Epsilon => (x_t - b * out, a),
                    PredictionTarget::Sample => (out, 1.0),
                };
                assert!(
                    (back - scale * f64::from(*x_0)).abs() < 1e-5,
                    "{prediction:?} {i}: {back} {x_0}"
                );
            }
        }
    }

    #[test]
    fn rows_depend_on_their_seed_alone() {
        let (_, whole) = draw(PredictionTarget::V, &[7, 8, 9, 10, 11]);
        for seeds in [vec![11, 10, 9], vec![9, 11], vec![8]] {
            let (_, part) = draw(PredictionTarget::V, &seeds);
            for (i, seed) in seeds.iter().enumerate() {
                let j = *seed as usize - 7;
                assert_eq!(part.x_t[5 * i..][..5], whole.x_t[5 * j..][..5]);
                assert_eq!(part.target[5 * i..][..5], whole.target[5 * j..][..5]);
                assert_eq!((part.t[i], part.present[i]), (whole.t[j], whole.present[j]));
            }
        }
    }

    #[test]
    fn timesteps_are_uniform_and_conditions_are_dropped_at_the_rate_asked_for() {
        let seeds: Vec<u64> = (0..20_000).collect();
        let (_, batch) = draw(PredictionTarget::V, &seeds);
        let kept = batch.present.iter().filter(|p| **p == 1.0).count() as f64 / 20_000.0;
        assert!((kept - 0.7).abs() < 0.01, "{kept}");
        let mut tenths = [0; 10];
        batch.t.iter().for_each(|t| tenths[*t as usize / 100] += 1);
        assert!(tenths.iter().all(|n| (1800..2200).contains(n)), "{tenths:?}");
    }
}
