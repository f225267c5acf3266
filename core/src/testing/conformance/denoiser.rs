//! What [`Denoiser`] promises. Networks should be small here: pass parameters that make them so.

mod batch;
mod files;
mod refusals;

use super::{
    Finding, Item, KEPT,
    ask::{close, failed, finite, quietly, same_bits, under},
    cancellation::{Job, each_stops},
    progress::progress_rises,
};
use crate::{
    Ctx, Denoiser, Result,
    testing::{Make, Output},
};
use batch::{Batch, predictions, train, trained};

/// Length of a condition.
const DIM: usize = 8;
const BATCH: usize = 3;
const RATE: f64 = 1e-3;
/// Networks on a BLAS sum in another order for another batch or thread count.
const RTOL: f64 = 1e-3;
const ATOL: f64 = 1e-4;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Denoiser>) -> Vec<Item<'a>> {
    vec![
        ("info", Box::new(move || info(make))),
        ("writes-everything", Box::new(move || finite(&standard(make, 1, 1)?))),
        (
            "deterministic",
            Box::new(move || same_bits("two fresh instances", &standard(make, 1, 1)?, &standard(make, 1, 1)?)),
        ),
        ("seed", Box::new(move || seed(make))),
        ("batch-composition", Box::new(move || batch_composition(make))),
        ("threads", Box::new(move || threads(make))),
        (
            "training-lowers-the-loss",
            Box::new(move || training_lowers_the_loss(make)),
        ),
        ("weights", Box::new(move || files::weights(make))),
        ("resume", Box::new(move || files::resume(make))),
        ("foreign-files", Box::new(move || files::foreign_files(make))),
        ("not-initialised", Box::new(move || files::not_initialised(make))),
        (
            "timesteps-out-of-range",
            Box::new(move || refusals::timesteps_out_of_range(make)),
        ),
        ("nan", Box::new(move || refusals::nan(make))),
        ("wrong-shapes", Box::new(move || refusals::wrong_shapes(make))),
        ("wrong-types", Box::new(move || refusals::wrong_types(make))),
        ("empty-batch", Box::new(move || refusals::empty_batch(make))),
        (
            "progress",
            Box::new(move || progress_rises(|ctx| output(&mut *make()?, ctx).map(drop))),
        ),
        (
            "cancellation",
            Box::new(move || {
                each_stops(
                    16,
                    [
                        ("train_step", &|size| training(make, size)),
                        ("predict", &|size| prediction(make, size)),
                    ],
                )
            }),
        ),
    ]
}

/// A network with weights, and a batch for it.
fn large(make: &Make<'_, dyn Denoiser>, size: usize) -> Result<(Box<dyn Denoiser>, Batch)> {
    let denoiser = quietly(|ctx| trained(make, 0, ctx))?;
    let batch = Batch::new(&denoiser.info(), 8 * size, 0);
    Ok((denoiser, batch))
}

fn training(make: &Make<'_, dyn Denoiser>, size: usize) -> Result<Job> {
    let (mut denoiser, batch) = large(make, size)?;
    Ok(Box::new(move |ctx| batch.train(&mut *denoiser, ctx).map(drop)))
}

fn prediction(make: &Make<'_, dyn Denoiser>, size: usize) -> Result<Job> {
    let (mut denoiser, batch) = large(make, size)?;
    Ok(Box::new(move |ctx| batch.predict(&mut *denoiser, true, ctx).map(drop)))
}

/// What a fresh denoiser predicts after two steps of training.
pub(in crate::testing) fn output(denoiser: &mut dyn Denoiser, ctx: &Ctx<'_>) -> Result<Output> {
    denoiser.initialise(DIM, ctx.seed(), ctx)?;
    let losses = [train(denoiser, 0, ctx)?, train(denoiser, 1, ctx)?];
    Ok(predictions(denoiser, ctx)?.with("losses", losses.to_vec(), &[2]))
}

fn standard(make: &Make<'_, dyn Denoiser>, seed: u64, threads: u32) -> Result<Output, String> {
    under(seed, threads, |ctx| output(&mut *make()?, ctx)).map_err(failed("two steps and two predictions"))
}

fn info(make: &Make<'_, dyn Denoiser>) -> Finding {
    let mut denoiser = make().map_err(failed("construction"))?;
    let before = denoiser.info();
    if before.channels * before.height * before.width == 0 || before.condition_dim != 0 {
        return Err(format!(
            "before initialise: expected an image size and condition_dim 0, got {before:?}"
        ));
    }
    quietly(|ctx| denoiser.initialise(DIM, 1, ctx)).map_err(failed("initialise"))?;
    let info = denoiser.info();
    if info.condition_dim != DIM {
        return Err(format!(
            "after initialise({DIM}): condition_dim is {}",
            info.condition_dim
        ));
    }
    let falls = info.alpha_bar.windows(2).all(|w| w[1] < w[0]);
    if !falls || info.alpha_bar.len() < 2 || !info.alpha_bar.iter().all(|a| (0.0..=1.0).contains(a)) {
        return Err(format!(
            "alpha_bar of {} steps does not fall within [0, 1]",
            info.alpha_bar.len()
        ));
    }
    KEPT
}

fn seed(make: &Make<'_, dyn Denoiser>) -> Finding {
    match standard(make, 1, 1)?.bits_differ(&standard(make, 2, 1)?) {
        Some(_) => KEPT,
        None => Err("another seed gave the same network".into()),
    }
}

/// Before any training: steps would magnify the last bits in which sums of other orders differ.
fn threads(make: &Make<'_, dyn Denoiser>) -> Finding {
    let of = |threads| {
        under(1, threads, |ctx| predictions(&mut *trained(make, 0, ctx)?, ctx)).map_err(failed("a plain call"))
    };
    close("1 thread and 2", &of(1)?, &of(2)?, RTOL, ATOL)
}

fn batch_composition(make: &Make<'_, dyn Denoiser>) -> Finding {
    let pairs = quietly(|ctx| {
        let mut denoiser = trained(make, 2, ctx)?;
        let all = Batch::new(&denoiser.info(), BATCH, 50);
        let size = all.images.len() / BATCH;
        let order: Vec<usize> = (0..BATCH).rev().collect();
        let mut pairs = Vec::new();
        for conditioned in [true, false] {
            let whole = all.predict(&mut *denoiser, conditioned, ctx)?;
            let turned = all.rows(&order).predict(&mut *denoiser, conditioned, ctx)?;
            for row in 0..BATCH {
                let alone = all.rows(&[row]).predict(&mut *denoiser, conditioned, ctx)?;
                let of = |values: &[f32]| Output::new().with(&format!("row {row}"), values.to_vec(), &[size]);
                let within = of(&whole[row * size..][..size]);
                pairs.push(("alone and within a batch", of(&alone), within.clone()));
                let elsewhere = of(&turned[(BATCH - 1 - row) * size..][..size]);
                pairs.push(("in a batch of another order", elsewhere, within));
            }
        }
        Ok(pairs)
    });
    for (what, other, within) in pairs.map_err(failed("plain predictions"))? {
        close(what, &other, &within, RTOL, ATOL)?;
    }
    KEPT
}

/// On one batch with the same noise, over and over.
fn training_lowers_the_loss(make: &Make<'_, dyn Denoiser>) -> Finding {
    let losses = quietly(|ctx| {
        let mut denoiser = trained(make, 0, ctx)?;
        (0..30)
            .map(|_| train(&mut *denoiser, 0, ctx))
            .collect::<Result<Vec<_>>>()
    });
    let losses = losses.map_err(failed("30 steps"))?;
    if let Some(step) = losses.iter().position(|loss| !loss.is_finite()) {
        return Err(format!("the loss of step {step} is {}", losses[step]));
    }
    match losses[29] < losses[0] {
        true => KEPT,
        false => Err(format!(
            "after 30 steps on one batch the loss went from {} to {}",
            losses[0], losses[29]
        )),
    }
}
