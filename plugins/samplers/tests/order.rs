//! How fast the samplers without fresh noise approach the exact solution of the probability-flow ODE.

mod support;

use ficta_core::{
    Denoiser, Prediction,
    random::Stream,
    testing::{ToyDenoiser, cosine_alpha_bar},
};

const CONDITION: [f32; 2] = [0.6, -0.8];
const SEED: u64 = 3;
const SPREAD: f64 = 0.4;

fn toy(alpha_bar: Vec<f64>) -> ToyDenoiser {
    let mut toy = ToyDenoiser::new([1, 3, 3], 2, SPREAD, Prediction::V, alpha_bar);
    toy.weights.iter_mut().for_each(|w| *w *= 0.4);
    toy
}

/// Where the ODE takes the starting noise x: for N(mu, s^2) it keeps (x_t - a mu) / sqrt(a^2 s^2 + b^2), with a^2 = abar and b^2 = 1 - abar.
fn exact(toy: &ToyDenoiser) -> Vec<f64> {
    let start = *toy.info().alpha_bar.last().unwrap();
    let mut noise = [0f32; 9];
    Stream::new(SEED, "sampler.noise", 0, 0).fill_normal(&mut noise);
    let of = |(mu, x): (f64, f32)| {
        mu + SPREAD * (f64::from(x) - start.sqrt() * mu) / (start * SPREAD.powi(2) + 1.0 - start).sqrt()
    };
    toy.mean(&CONDITION).into_iter().zip(noise).map(of).collect()
}

/// The largest error of a pixel.
fn error(name: &str, alpha_bar: &[f64], steps: usize, spacing: &str) -> f64 {
    let mut toy = toy(alpha_bar.to_vec());
    let expected = exact(&toy);
    assert!(
        expected.iter().all(|x| x.abs() < 0.9),
        "{expected:?}: no clamp is touched"
    );
    let params = format!(r#"{{"steps": {steps}, "spacing": "{spacing}", "clip": false}}"#);
    let mut sampler = support::sampler(name, &params).unwrap();
    let images = support::sample(sampler.as_mut(), &mut toy, &CONDITION, &[SEED]).unwrap();
    let errors = images.iter().zip(&expected).map(|(x, y)| (f64::from(*x) - y).abs());
    errors.fold(0.0, f64::max)
}

/// lambda falls evenly from 7 to -4: the last move, from lambda = 7 to infinity, is wrong by 2e-6 at most.
fn even_in_lambda() -> Vec<f64> {
    let lambda = |t: i32| 7.0 - 11.0 * f64::from(t) / 640.0;
    (0..=640).map(|t| 1.0 / (1.0 + (-2.0 * lambda(t)).exp())).collect()
}

/// Twice as many moves: half the error of DDIM, a quarter of DPM-Solver++'s.
#[test]
fn dpm_solver_pp_is_of_second_order_and_ddim_of_first() {
    let alpha_bar = even_in_lambda();
    for (name, low, high) in [("ddim", 1.8, 2.1), ("dpm-solver-pp", 3.6, 4.4)] {
        // Linspace visits t = 0, so that the last move is the same for all.
        let errors = [20, 40, 80, 160].map(|moves| error(name, &alpha_bar, moves + 1, "linspace"));
        println!("{name} {errors:?}");
        for pair in errors.windows(2) {
            let ratio = pair[0] / pair[1];
            assert!((low..high).contains(&ratio), "{name}: {errors:?}");
        }
    }
}

/// On the schedule that the networks are trained with, at the same number of questions.
#[test]
fn dpm_solver_pp_is_nearer_than_ddim_at_the_same_cost() {
    let alpha_bar = cosine_alpha_bar(1000);
    for (steps, times) in [(5, 1.0), (10, 2.0), (20, 6.0), (40, 20.0)] {
        let [ddim, dpm] = ["ddim", "dpm-solver-pp"].map(|name| error(name, &alpha_bar, steps, "trailing"));
        println!("{steps} steps: ddim {ddim:.2e}, dpm-solver-pp {dpm:.2e}");
        assert!(times * dpm < ddim, "{steps} steps: {dpm} against {ddim}");
    }
}

#[test]
fn order_one_is_ddim() {
    let alpha_bar = cosine_alpha_bar(100);
    let images = |name: &str, params: &str| {
        let mut sampler = support::sampler(name, params).unwrap();
        support::sample(sampler.as_mut(), &mut toy(alpha_bar.clone()), &CONDITION, &[SEED]).unwrap()
    };
    let first = images("dpm-solver-pp", r#"{"steps": 7, "order": 1, "guidance": 1.5}"#);
    assert_eq!(first, images("ddim", r#"{"steps": 7, "guidance": 1.5}"#));
    assert_ne!(first, images("dpm-solver-pp", r#"{"steps": 7, "guidance": 1.5}"#));
}

/// At zero terminal SNR lambda starts at -infinity: the limit of what starts ever lower.
#[test]
fn a_schedule_may_start_at_pure_noise() {
    let images = |start: f64| {
        let mut alpha_bar = cosine_alpha_bar(50);
        *alpha_bar.last_mut().unwrap() = start;
        let mut sampler = support::sampler("dpm-solver-pp", r#"{"steps": 6}"#).unwrap();
        support::sample(sampler.as_mut(), &mut toy(alpha_bar), &CONDITION, &[SEED]).unwrap()
    };
    let limit = images(0.0);
    assert!(limit.iter().all(|x| x.is_finite()));
    // The second move's 1 / (2 r) falls as 1 / lambda only, so that abar has to be very small.
    let off = |start: f64| {
        limit
            .iter()
            .zip(images(start))
            .map(|(a, b)| (a - b).abs())
            .fold(0f32, f32::max)
    };
    assert!(
        off(1e-300) < off(1e-30) && off(1e-300) < 1e-3,
        "{} {}",
        off(1e-300),
        off(1e-30)
    );
}
