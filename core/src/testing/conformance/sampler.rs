//! What [`Sampler`] promises, over a denoiser whose answers are known.

mod refusals;
mod spoilt;

use super::{
    Finding, Item, KEPT,
    ask::{failed, finite, no_panic, quietly, same_bits, under},
    cancellation::{Job, stops},
    progress::progress_rises,
};
use crate::{
    Ctx, Denoiser, Prediction, Result, Sampler, TensorMut, TensorRef,
    testing::{Make, Output, ToyDenoiser, cosine_alpha_bar},
};
use spoilt::Spoilt;

const IMAGE: [usize; 3] = [1, 3, 3];
const DIM: usize = 2;
const CONDITIONS: [f32; 6] = [1.0, 0.0, 0.6, -0.8, 0.28, 0.96];
const SEEDS: [u64; 3] = [5, 6, 7];

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Sampler>) -> Vec<Item<'a>> {
    let plain = move |ctx: &Ctx<'_>| sample(&mut *make()?, &mut toy(), &CONDITIONS, &SEEDS, ctx).map(drop);
    vec![
        (
            "writes-everything",
            Box::new(move || finite(&run(make, &CONDITIONS, &SEEDS, 1)?)),
        ),
        ("range", Box::new(move || range(make))),
        ("deterministic", Box::new(move || deterministic(make))),
        ("seeds", Box::new(move || seeds(make))),
        ("conditions", Box::new(move || conditions(make))),
        ("batch-composition", Box::new(move || batch_composition(make))),
        (
            "threads",
            Box::new(move || {
                let of = |threads| run(make, &CONDITIONS, &SEEDS, threads);
                same_bits("1 thread and 2", &of(1)?, &of(2)?)
            }),
        ),
        ("predictions", Box::new(move || predictions(make))),
        ("denoisers-error", Box::new(move || refusals::denoisers_error(make))),
        ("denoisers-nan", Box::new(move || refusals::denoisers_nan(make))),
        ("nan", Box::new(move || refusals::nan(make))),
        ("wrong-shapes", Box::new(move || refusals::wrong_shapes(make))),
        ("wrong-types", Box::new(move || refusals::wrong_types(make))),
        (
            "empty-batch",
            Box::new(move || {
                no_panic(
                    "a batch of no rows",
                    quietly(|ctx| sample(&mut *make()?, &mut toy(), &[], &[], ctx)),
                )?;
                KEPT
            }),
        ),
        ("progress", Box::new(move || progress_rises(plain))),
        ("cancellation", Box::new(move || stops(16, |size| job(make, size)))),
    ]
}

/// The denoiser takes its time, `size` times 0.1 s, and does not look at cancellation.
fn job(make: &Make<'_, dyn Sampler>, size: usize) -> Result<Job> {
    let (mut sampler, mut denoiser) = (make()?, Spoilt::slow(size));
    Ok(Box::new(move |ctx| {
        sample(&mut *sampler, &mut denoiser, &CONDITIONS, &SEEDS, ctx).map(drop)
    }))
}

fn toy() -> ToyDenoiser {
    let mut toy = ToyDenoiser::new(IMAGE, DIM, 0.2, Prediction::V, cosine_alpha_bar(100));
    // Images stay within [-1, 1].
    toy.weights.iter_mut().for_each(|w| *w *= 0.5);
    toy
}

/// Samples into a buffer of NaN.
fn sample(
    sampler: &mut dyn Sampler,
    denoiser: &mut dyn Denoiser,
    conditions: &[f32],
    seeds: &[u64],
    ctx: &Ctx<'_>,
) -> Result<Vec<f32>> {
    let [c, h, w] = IMAGE;
    let mut out = vec![f32::NAN; seeds.len() * c * h * w];
    sampler.sample(
        denoiser,
        TensorRef::new(conditions, &[conditions.len() / DIM, DIM])?,
        TensorRef::new(seeds, &[seeds.len()])?,
        TensorMut::new(&mut out, &[seeds.len(), c, h, w])?,
        ctx,
    )?;
    Ok(out)
}

/// What a fresh sampler makes of the standard input.
pub(in crate::testing) fn output(sampler: &mut dyn Sampler, ctx: &Ctx<'_>) -> Result<Output> {
    let images = sample(sampler, &mut toy(), &CONDITIONS, &SEEDS, ctx)?;
    Ok(as_output(images, SEEDS.len()))
}

fn as_output(images: Vec<f32>, batch: usize) -> Output {
    let [c, h, w] = IMAGE;
    Output::new().with("images", images, &[batch, c, h, w])
}

fn run(make: &Make<'_, dyn Sampler>, conditions: &[f32], seeds: &[u64], threads: u32) -> Result<Output, String> {
    under(1, threads, |ctx| {
        sample(&mut *make()?, &mut toy(), conditions, seeds, ctx)
    })
    .map(|images| as_output(images, seeds.len()))
    .map_err(failed("a plain batch"))
}

fn range(make: &Make<'_, dyn Sampler>) -> Finding {
    let images = quietly(|ctx| sample(&mut *make()?, &mut toy(), &CONDITIONS, &SEEDS, ctx));
    let images = images.map_err(failed("a plain batch"))?;
    match images.iter().position(|x| !(-1.0..=1.0).contains(x)) {
        None => KEPT,
        Some(at) => Err(format!("images[{at}] is {}, expected a number in [-1, 1]", images[at])),
    }
}

fn deterministic(make: &Make<'_, dyn Sampler>) -> Finding {
    let of = || run(make, &CONDITIONS, &SEEDS, 1);
    same_bits("two fresh instances, the same seeds", &of()?, &of()?)?;
    // The noise comes from the rows' seeds, not from the run's, and not from what was drawn before.
    let again = quietly(|ctx| {
        let mut sampler = make()?;
        sample(&mut *sampler, &mut toy(), &CONDITIONS, &SEEDS, ctx)?;
        sample(&mut *sampler, &mut toy(), &CONDITIONS, &SEEDS, ctx)
    });
    let again = as_output(again.map_err(failed("two batches"))?, SEEDS.len());
    same_bits(
        "the first and the second call of one instance, under another run seed",
        &of()?,
        &again,
    )
}

fn seeds(make: &Make<'_, dyn Sampler>) -> Finding {
    let of = |seeds: &[u64]| run(make, &CONDITIONS, seeds, 1);
    match of(&SEEDS)?.bits_differ(&of(&[8, 9, 10])?) {
        Some(_) => KEPT,
        None => Err("other seeds gave the same images".into()),
    }
}

fn conditions(make: &Make<'_, dyn Sampler>) -> Finding {
    let turned: Vec<f32> = CONDITIONS.iter().map(|c| -c).collect();
    match run(make, &CONDITIONS, &SEEDS, 1)?.differ(&run(make, &turned, &SEEDS, 1)?, 1e-3, 1e-3) {
        Some(_) => KEPT,
        None => Err("opposite conditions gave the same images: the condition is not used".into()),
    }
}

fn batch_composition(make: &Make<'_, dyn Sampler>) -> Finding {
    let all = quietly(|ctx| sample(&mut *make()?, &mut toy(), &CONDITIONS, &SEEDS, ctx));
    let all = all.map_err(failed("a plain batch"))?;
    let size: usize = IMAGE.iter().product();
    for row in 0..SEEDS.len() {
        let alone = run(make, &CONDITIONS[row * DIM..][..DIM], &SEEDS[row..=row], 1)?;
        let within = as_output(all[row * size..][..size].to_vec(), 1);
        same_bits(&format!("row {row} alone and within a batch"), &alone, &within)?;
    }
    let order = [2, 0, 1];
    let conditions: Vec<f32> = order
        .iter()
        .flat_map(|i| CONDITIONS[i * DIM..][..DIM].to_vec())
        .collect();
    let turned = run(make, &conditions, &order.map(|i| SEEDS[i]), 1)?;
    let expected = order.iter().flat_map(|i| all[i * size..][..size].to_vec()).collect();
    same_bits("rows in another order", &turned, &as_output(expected, SEEDS.len()))
}

/// What [`Sampler::predictions`] tells is what happens.
fn predictions(make: &Make<'_, dyn Sampler>) -> Finding {
    let mut toy = toy();
    let told = quietly(|ctx| {
        let mut sampler = make()?;
        sample(&mut *sampler, &mut toy, &CONDITIONS, &SEEDS, ctx)?;
        Ok(sampler.predictions(toy.info().alpha_bar.len()))
    });
    let asked = (toy.conditional_calls + toy.unconditional_calls) as u64;
    match told.map_err(failed("a plain batch"))? {
        Some(told) if told != asked => Err(format!("it tells of {told} predictions, but asked for {asked}")),
        _ => KEPT,
    }
}
