//! Whole trajectories, from the seed to the image, against NumPy (`fixtures/trajectories.py`) and diffusers (`fixtures/dpm_solver_pp.py`).

mod support;

use ficta_core::{
    Prediction,
    random::Stream,
    testing::{ToyDenoiser, assert_close, cosine_alpha_bar},
};

#[derive(serde::Deserialize)]
struct Fixture {
    alpha_bar: Vec<f64>,
    starting_noise: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    sampler: String,
    prediction: String,
    params: serde_json::Value,
    images: Vec<f64>,
}

const SEEDS: [u64; 2] = [7, (1 << 63) + 11];
const CONDITIONS: [f32; 4] = [0.6, -0.8, 0.28, 0.96];

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("fixtures/trajectories.json")).unwrap()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

#[test]
fn schedule_and_noise_equal_numpy() {
    let fixture = fixture();
    assert_close(&cosine_alpha_bar(20), &fixture.alpha_bar, 1e-9, 0.0);
    let mut noise = [0f32; 8];
    for (seed, row) in SEEDS.iter().zip(noise.chunks_mut(4)) {
        Stream::new(*seed, "sampler.noise", 0, 0).fill_normal(row);
    }
    assert_close(&wide(&noise), &fixture.starting_noise, 1e-6, 0.0);
}

fn check(cases: &[Case]) {
    for case in cases {
        let prediction = match case.prediction.as_str() {
            "v" => Prediction::V,
            "epsilon" => Prediction::EPSILON,
            _ => Prediction::SAMPLE,
        };
        let mut toy = ToyDenoiser::new([1, 2, 2], 2, 0.4, prediction, cosine_alpha_bar(20));
        let mut sampler = support::sampler(&case.sampler, &case.params.to_string()).unwrap();
        let images = support::sample(sampler.as_mut(), &mut toy, &CONDITIONS, &SEEDS).unwrap();
        println!("{} of {} {}", case.sampler, case.prediction, case.params);
        // abar of the first time step is 6e-6: an estimate of x_0 from eps has f32's rounding times 400.
        let atol = if prediction == Prediction::EPSILON { 2e-4 } else { 2e-6 };
        assert_close(&wide(&images), &case.images, 1e-5, atol);
    }
}

#[test]
fn images_equal_numpy() {
    let fixture = fixture();
    assert_eq!(fixture.cases.len(), 57);
    check(&fixture.cases);
}

#[test]
fn images_of_dpm_solver_pp_equal_diffusers() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/dpm_solver_pp.json")).unwrap();
    assert_eq!(cases.len(), 69);
    check(&cases);
}
