//! The distribution that sampling ends in, for Gaussian data of known mean and variance.

mod support;

use ficta_core::{
    Prediction,
    testing::{ToyDenoiser, cosine_alpha_bar},
};

const CONDITION: [f32; 2] = [0.6, -0.8];
/// Small enough that no clamp to [-1, 1] is touched: means are within 0.72, five deviations within the rest.
const SPREAD: f64 = 0.05;
const IMAGES: usize = 1500;

/// Mean error and variance of the images over all pixels.
fn moments(name: &str, params: &str, steps: usize) -> (f64, f64) {
    let mut toy = ToyDenoiser::new([1, 3, 3], 2, SPREAD, Prediction::V, cosine_alpha_bar(steps));
    let mean = toy.mean(&CONDITION);
    assert!(mean.iter().all(|m| m.abs() < 0.72));
    let seeds: Vec<u64> = (0..IMAGES as u64).collect();
    let mut sampler = support::sampler(name, params).unwrap();
    let images = support::sample(sampler.as_mut(), &mut toy, &CONDITION.repeat(IMAGES), &seeds).unwrap();
    let errors: Vec<f64> = images
        .iter()
        .enumerate()
        .map(|(i, x)| f64::from(*x) - mean[i % 9])
        .collect();
    let n = errors.len() as f64;
    let bias = errors.iter().sum::<f64>() / n;
    (bias, errors.iter().map(|e| (e - bias).powi(2)).sum::<f64>() / n)
}

enum Rule {
    Ddpm { large: bool },
    Ddim { eta: f64 },
}

/// The exact variance that sampling over all steps ends in: with the optimal denoiser of Gaussian data every step is linear.
fn exact_variance(schedule: &[f64], rule: &Rule) -> f64 {
    let mut variance = 1.0;
    for (t, &abar) in schedule.iter().enumerate().rev() {
        let next = if t > 0 { schedule[t - 1] } else { 1.0 };
        let (a, b) = (abar.sqrt(), (1.0 - abar).sqrt());
        // x_0 and eps as multiples of the deviation of x_t from its mean.
        let clean = a * SPREAD.powi(2) / (abar * SPREAD.powi(2) + b * b);
        let eps = (1.0 - a * clean) / b;
        let beta = 1.0 - abar / next;
        let posterior = (1.0 - next) / (b * b) * beta;
        variance = match rule {
            Rule::Ddim { eta } => {
                let noise = eta * eta * posterior;
                (next.sqrt() * clean + (1.0 - next - noise).max(0.0).sqrt() * eps).powi(2) * variance + noise
            }
            Rule::Ddpm { large } => {
                let mean = next.sqrt() * beta / (b * b) * clean + (abar / next).sqrt() * (1.0 - next) / (b * b);
                let noise = if *large && next < 1.0 { beta } else { posterior };
                mean.powi(2) * variance + noise
            }
        };
    }
    variance
}

/// The mean over `IMAGES * 9` independent pixels within five standard errors of 0, and the variance (relative error sqrt(2/n)) of the exact one.
fn check(name: &str, params: &str, steps: usize, rule: &Rule) {
    let expected = exact_variance(&cosine_alpha_bar(steps), rule);
    let (bias, variance) = moments(name, params, steps);
    let n = (IMAGES * 9) as f64;
    assert!(
        bias.abs() < 5.0 * (expected / n).sqrt(),
        "{name} {params}: mean off by {bias}"
    );
    let off = (variance / expected - 1.0).abs();
    assert!(
        off < 5.0 * (2.0 / n).sqrt(),
        "{name} {params}: variance {variance}, expected {expected}"
    );
}

#[test]
fn ddpm_ends_at_its_exact_moments() {
    check(
        "ddpm",
        r#"{"variance": "fixed-small"}"#,
        40,
        &Rule::Ddpm { large: false },
    );
    check(
        "ddpm",
        r#"{"variance": "fixed-large"}"#,
        40,
        &Rule::Ddpm { large: true },
    );
    check("ddpm", "{}", 20, &Rule::Ddpm { large: false });
}

#[test]
fn ddim_ends_at_its_exact_moments() {
    for eta in [0.0, 0.7] {
        check(
            "ddim",
            &format!(r#"{{"steps": 40, "eta": {eta}}}"#),
            40,
            &Rule::Ddim { eta },
        );
    }
}

/// The exact moments in turn tend to the data's.
#[test]
fn more_steps_come_nearer_to_the_data() {
    for rule in [
        Rule::Ddpm { large: false },
        Rule::Ddpm { large: true },
        Rule::Ddim { eta: 0.0 },
    ] {
        let off = |steps| (exact_variance(&cosine_alpha_bar(steps), &rule) / SPREAD.powi(2) - 1.0).abs();
        assert!(
            off(1000) < 0.1 && off(4000) < 0.5 * off(1000),
            "{} {}",
            off(1000),
            off(4000)
        );
    }
}

#[test]
fn guidance_moves_the_mean_away_from_the_unconditional_one() {
    let mean_of = |weight: f64| {
        let mut toy = ToyDenoiser::new([1, 3, 3], 2, SPREAD, Prediction::V, cosine_alpha_bar(50));
        toy.unconditional_spread = SPREAD;
        toy.weights.iter_mut().for_each(|w| *w *= 0.5);
        let mean = toy.mean(&CONDITION);
        let mut sampler = support::sampler("ddim", &format!(r#"{{"guidance": {weight}, "clip": false}}"#)).unwrap();
        let seeds: Vec<u64> = (0..800).collect();
        let images = support::sample(sampler.as_mut(), &mut toy, &CONDITION.repeat(800), &seeds).unwrap();
        // Least-squares factor of the images on the conditional mean.
        let dot: f64 = images
            .iter()
            .enumerate()
            .map(|(i, x)| f64::from(*x) * mean[i % 9])
            .sum();
        dot / (800.0 * mean.iter().map(|m| m * m).sum::<f64>())
    };
    // With equal spreads the guided estimate is the optimal one for data of mean w * mu.
    for weight in [0.0, 1.0, 2.0] {
        let factor = mean_of(weight);
        assert!((factor - weight).abs() < 0.03, "weight {weight}: factor {factor}");
    }
}
