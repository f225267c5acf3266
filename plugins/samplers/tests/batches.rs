//! An image depends on its own condition and seed alone.

mod support;

use ficta_core::{
    Prediction,
    random::Stream,
    testing::{ToyDenoiser, cosine_alpha_bar},
};

const RUNS: [(&str, &str); 7] = [
    ("ddpm", r#"{"steps": 7}"#),
    ("ddpm", r#"{"guidance": 2.0, "variance": "fixed-large"}"#),
    ("ddim", r#"{"steps": 8}"#),
    ("ddim", r#"{"steps": 8, "eta": 0.7, "guidance": 1.5}"#),
    ("ddim", r#"{"steps": 20, "spacing": "linspace", "clip": false}"#),
    ("dpm-solver-pp", r#"{"steps": 6, "guidance": 1.5}"#),
    ("dpm-solver-pp", r#"{"spacing": "linspace", "clip": false}"#),
];

fn toy() -> ToyDenoiser {
    ToyDenoiser::new([3, 3, 5], 4, 0.4, Prediction::V, cosine_alpha_bar(20))
}

fn inputs(n: usize) -> (Vec<f32>, Vec<u64>) {
    let mut conditions = vec![0f32; 4 * n];
    Stream::new(1, "batches", 0, 0).fill_normal(&mut conditions);
    for c in conditions.chunks_mut(4) {
        let norm = c.iter().map(|v| v * v).sum::<f32>().sqrt();
        c.iter_mut().for_each(|v| *v /= norm);
    }
    (conditions, (0..n as u64).map(|i| i * i + 3).collect())
}

fn bits(images: &[f32]) -> Vec<u32> {
    images.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn images_do_not_depend_on_the_batch() {
    let (conditions, seeds) = inputs(7);
    for (name, params) in RUNS {
        let mut sampler = support::sampler(name, params).unwrap();
        let whole = support::sample(sampler.as_mut(), &mut toy(), &conditions, &seeds).unwrap();
        assert!(whole.iter().all(|v| (-1.0..=1.0).contains(v)));
        // In batches of 3, and reversed.
        for start in (0..7).step_by(3) {
            let end = (start + 3).min(7);
            let part = support::sample(
                sampler.as_mut(),
                &mut toy(),
                &conditions[4 * start..4 * end],
                &seeds[start..end],
            );
            assert_eq!(
                bits(&part.unwrap()),
                bits(&whole[45 * start..45 * end]),
                "{name} {params} rows {start}..{end}"
            );
        }
        let reversed: Vec<f32> = conditions.chunks(4).rev().flatten().copied().collect();
        let back: Vec<u64> = seeds.iter().rev().copied().collect();
        let images = support::sample(sampler.as_mut(), &mut toy(), &reversed, &back).unwrap();
        let forth: Vec<f32> = images.chunks(45).rev().flatten().copied().collect();
        assert_eq!(bits(&forth), bits(&whole), "{name} {params} reversed");
    }
}

#[test]
fn other_seeds_and_other_conditions_give_other_images() {
    let (conditions, _) = inputs(2);
    for (name, params) in RUNS {
        let mut sampler = support::sampler(name, params).unwrap();
        let mut draw = |c: &[f32], seeds: &[u64]| support::sample(sampler.as_mut(), &mut toy(), c, seeds).unwrap();
        let same = [&conditions[..4], &conditions[..4]].concat();
        let images = draw(&same, &[1, 2]);
        assert_ne!(images[..45], images[45..], "{name}: two seeds");
        let images = draw(&conditions, &[1, 1]);
        assert_ne!(images[..45], images[45..], "{name}: two conditions");
        assert!(draw(&[], &[]).is_empty());
    }
}

/// Only DDIM at eta = 0 is a function of the starting noise; fresh noise must change the image.
#[test]
fn eta_zero_draws_nothing_but_the_starting_noise() {
    let (conditions, seeds) = inputs(1);
    let at = |eta: f64| {
        let mut sampler = support::sampler("ddim", &format!(r#"{{"steps": 5, "eta": {eta}}}"#)).unwrap();
        support::sample(sampler.as_mut(), &mut toy(), &conditions, &seeds).unwrap()
    };
    assert_eq!(at(0.0), at(0.0));
    assert_ne!(at(0.0), at(0.2));
}
