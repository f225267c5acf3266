use ficta_core::{
    Configure, Ctx, Denoiser, ErrorKind, NullHost, Prediction, Result, Sampler, TensorMut, TensorRef,
    assert_plugin_snapshot, built_library,
    random::Stream,
    static_components,
    testing::{ToyDenoiser, assert_close, cosine_alpha_bar},
};
use heun_sampler::{Heun, Params};

const SPREAD: f64 = 0.2;
const CONDITIONS: [f32; 4] = [0.6, -0.8, 0.28, 0.96];
const SEEDS: [u64; 2] = [5, 6];

fn toy(prediction: Prediction) -> ToyDenoiser {
    let mut toy = ToyDenoiser::new([1, 3, 3], 2, SPREAD, prediction, cosine_alpha_bar(1000));
    // Images stay within [-1, 1].
    toy.weights.iter_mut().for_each(|w| *w *= 0.6);
    toy
}

fn sample(params: Params, denoiser: &mut dyn Denoiser, conditions: &[f32], seeds: &[u64]) -> Result<Vec<f32>> {
    let (info, host) = (denoiser.info(), NullHost::default());
    let shape = [seeds.len(), info.channels, info.height, info.width];
    let mut out = vec![f32::NAN; shape.iter().product()];
    Heun::configure(params)?.sample(
        denoiser,
        TensorRef::new(conditions, &[seeds.len(), 2])?,
        TensorRef::new(seeds, &[seeds.len()])?,
        TensorMut::new(&mut out, &shape)?,
        &Ctx::new(&host),
    )?;
    Ok(out)
}

/// Where the ODE ends for Gaussian data: it scales y - mu by sqrt(sigma'^2 + s^2) / sqrt(sigma^2 + s^2). `sigma` is where sampling starts.
fn exact(sigma: f64) -> Vec<f64> {
    let toy = toy(Prediction::V);
    let mut out = Vec::new();
    for (seed, condition) in SEEDS.iter().zip(CONDITIONS.chunks(2)) {
        let mut noise = [0f32; 9];
        Stream::new(*seed, "sampler.noise", 0, 0).fill_normal(&mut noise);
        for (z, mu) in noise.iter().zip(toy.mean(condition)) {
            let start = f64::from(*z) * (1.0 + sigma * sigma).sqrt();
            out.push(mu + (start - mu) * SPREAD / (sigma * sigma + SPREAD * SPREAD).sqrt());
        }
    }
    out
}

/// The largest noise level of the schedule up to 80.
fn first_sigma() -> f64 {
    let sigmas = cosine_alpha_bar(1000)
        .into_iter()
        .map(|abar| ((1.0 - abar) / abar).sqrt());
    sigmas.filter(|sigma| *sigma <= 80.0).fold(0.0, f64::max)
}

fn error(steps: usize) -> f64 {
    let params = Params {
        steps,
        clip: false,
        ..Params::default()
    };
    let images = sample(params, &mut toy(Prediction::V), &CONDITIONS, &SEEDS).unwrap();
    images
        .iter()
        .zip(exact(first_sigma()))
        .map(|(x, e)| (f64::from(*x) - e).abs())
        .fold(0.0, f64::max)
}

#[test]
fn it_converges_to_the_exact_solution_with_second_order() {
    let (coarse, fine, finest) = (error(12), error(24), error(48));
    println!("errors at 12, 24 and 48 steps: {coarse:e} {fine:e} {finest:e}");
    assert!(exact(first_sigma()).iter().all(|x| x.abs() < 1.0), "nothing to clamp");
    assert!(finest < 5e-3, "{finest}");
    // Halving a second-order method's steps divides its error by 4, a first-order one's by 2.
    assert!(coarse / fine > 3.0 && fine / finest > 3.0, "{coarse} {fine} {finest}");
}

#[test]
fn every_prediction_gives_the_same_images() {
    let of = |prediction| sample(Params::default(), &mut toy(prediction), &CONDITIONS, &SEEDS).unwrap();
    let v = of(Prediction::V);
    assert_close(&of(Prediction::SAMPLE), &v, 0.0, 1e-5);
    assert_close(&of(Prediction::EPSILON), &v, 0.0, 1e-3);
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let of = |c: &[f32], s: &[u64]| sample(Params::default(), &mut toy(Prediction::V), c, s).unwrap();
    let both = of(&CONDITIONS, &SEEDS);
    assert_eq!(both[..9], of(&CONDITIONS[..2], &SEEDS[..1]));
    assert_eq!(both[9..], of(&CONDITIONS[2..], &SEEDS[1..]));
    assert_ne!(both[..9], both[9..]);
}

#[test]
fn the_denoiser_is_asked_as_often_as_said() {
    for (guidance, conditional, unconditional) in [(1.0, 13, 0), (2.0, 13, 13), (0.0, 0, 13)] {
        let mut toy = toy(Prediction::V);
        sample(
            Params {
                steps: 7,
                guidance,
                ..Params::default()
            },
            &mut toy,
            &CONDITIONS,
            &SEEDS,
        )
        .unwrap();
        assert_eq!(
            (toy.conditional_calls, toy.unconditional_calls),
            (conditional, unconditional),
            "{guidance}"
        );
    }
}

/// The library as cargo builds it, opened as `ficta` opens it.
#[test]
fn it_keeps_the_contract() {
    for params in ["{}", r#"{"steps": 5, "guidance": 2}"#] {
        built_library!("heun_sampler")
            .check("heun", params, &[])
            .unwrap()
            .assert_passed();
    }
}

/// What it gives on the kit's standard conditions and seeds.
#[test]
fn its_output_stays() {
    assert_plugin_snapshot!(built_library!("heun_sampler"), "heun", r#"{"steps": 7}"#);
}

#[test]
fn it_is_registered_and_refuses_bad_input() {
    let entry = static_components().into_iter().find(|r| r.name == "heun").unwrap();
    for params in [
        r#"{"steps": 0}"#,
        r#"{"rho": 0}"#,
        r#"{"sigma_min": 90}"#,
        r#"{"guidance": -1}"#,
        r#"{"eta": 0}"#,
    ] {
        assert_eq!(
            entry.make_sampler(params).err().unwrap().kind(),
            ErrorKind::CONFIG,
            "{params}"
        );
    }
    let of = |c: &[f32], s: &[u64]| sample(Params::default(), &mut toy(Prediction::V), c, s);
    assert!(of(&CONDITIONS, &[1]).is_err());
    assert!(of(&[f32::NAN, 0.0], &[1]).is_err());
    assert!(of(&[], &[]).unwrap().is_empty());
}
