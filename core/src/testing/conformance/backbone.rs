//! What [`Backbone`] promises. Networks should be small here: pass parameters that make them so.

mod batch;
mod files;
mod losses;
mod refusals;

use super::{
    Finding, Item, KEPT,
    ask::{close, failed, finite, quietly, same_bits, under},
    cancellation::{Job, each_stops},
    progress::progress_rises,
};
use crate::{
    Backbone, Ctx, Result,
    testing::{Make, Output},
};
use batch::{Batch, embeddings, train, trained};
use losses::{Deaf, Softmax};

const CLASSES: usize = 4;
const BATCH: usize = 8;
const RATE: f64 = 0.05;
/// Networks on a BLAS sum in another order for another batch or thread count.
const RTOL: f64 = 1e-3;
const ATOL: f64 = 1e-4;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Backbone>) -> Vec<Item<'a>> {
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
        ("cosines", Box::new(move || losses::cosines(make))),
        ("losss-error", Box::new(move || losses::losss_error(make))),
        ("losss-nan", Box::new(move || losses::losss_nan(make))),
        ("weights", Box::new(move || files::weights(make))),
        ("resume", Box::new(move || files::resume(make))),
        ("foreign-files", Box::new(move || files::foreign_files(make))),
        ("not-initialised", Box::new(move || files::not_initialised(make))),
        (
            "labels-out-of-range",
            Box::new(move || refusals::labels_out_of_range(make)),
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
                        ("embed", &|size| embedding(make, size)),
                    ],
                )
            }),
        ),
    ]
}

/// A network with weights, and a batch for it.
fn large(make: &Make<'_, dyn Backbone>, size: usize) -> Result<(Box<dyn Backbone>, Batch)> {
    let backbone = quietly(|ctx| trained(make, 0, ctx))?;
    let batch = Batch::new(&backbone.info(), BATCH * size, 0);
    Ok((backbone, batch))
}

/// With a loss that does not look at cancellation on behalf of the backbone.
fn training(make: &Make<'_, dyn Backbone>, size: usize) -> Result<Job> {
    let (mut backbone, batch) = large(make, size)?;
    Ok(Box::new(move |ctx| {
        batch.train(&mut *backbone, &mut Deaf, ctx).map(drop)
    }))
}

fn embedding(make: &Make<'_, dyn Backbone>, size: usize) -> Result<Job> {
    let (mut backbone, batch) = large(make, size)?;
    Ok(Box::new(move |ctx| batch.embed(&mut *backbone, ctx).map(drop)))
}

/// What a fresh backbone embeds after two steps of training.
pub(in crate::testing) fn output(backbone: &mut dyn Backbone, ctx: &Ctx<'_>) -> Result<Output> {
    backbone.initialise(CLASSES, ctx.seed(), ctx)?;
    let losses = vec![
        train(backbone, 0, &mut Softmax, ctx)?,
        train(backbone, 1, &mut Softmax, ctx)?,
    ];
    Ok(embeddings(backbone, ctx)?.with("losses", losses, &[2]))
}

fn standard(make: &Make<'_, dyn Backbone>, seed: u64, threads: u32) -> Result<Output, String> {
    under(seed, threads, |ctx| output(&mut *make()?, ctx)).map_err(failed("two steps and an embedding"))
}

fn info(make: &Make<'_, dyn Backbone>) -> Finding {
    let mut backbone = make().map_err(failed("construction"))?;
    let before = backbone.info();
    if before.dim * before.channels * before.height * before.width == 0 || before.classes != 0 {
        return Err(format!(
            "before initialise: expected sizes above 0 and 0 classes, got {before:?}"
        ));
    }
    quietly(|ctx| backbone.initialise(CLASSES, 1, ctx)).map_err(failed("initialise"))?;
    match backbone.info().classes {
        CLASSES => KEPT,
        other => Err(format!("after initialise({CLASSES}): {other} classes")),
    }
}

fn seed(make: &Make<'_, dyn Backbone>) -> Finding {
    match standard(make, 1, 1)?.bits_differ(&standard(make, 2, 1)?) {
        Some(_) => KEPT,
        None => Err("another seed gave the same network".into()),
    }
}

/// Before any training: steps would magnify the last bits in which sums of other orders differ.
fn threads(make: &Make<'_, dyn Backbone>) -> Finding {
    let of = |threads| {
        under(1, threads, |ctx| embeddings(&mut *trained(make, 0, ctx)?, ctx)).map_err(failed("a plain call"))
    };
    close("1 thread and 2", &of(1)?, &of(2)?, RTOL, ATOL)
}

fn batch_composition(make: &Make<'_, dyn Backbone>) -> Finding {
    const ROWS: usize = 3;
    let pairs = quietly(|ctx| {
        let mut backbone = trained(make, 2, ctx)?;
        let all = Batch::new(&backbone.info(), ROWS, 50);
        let dim = backbone.info().dim;
        let whole = all.embed(&mut *backbone, ctx)?;
        let order: Vec<usize> = (0..ROWS).rev().collect();
        let turned = all.rows(&order).embed(&mut *backbone, ctx)?;
        let mut pairs = Vec::new();
        for row in 0..ROWS {
            let alone = all.rows(&[row]).embed(&mut *backbone, ctx)?;
            let of = |values: &[f32]| Output::new().with(&format!("row {row}"), values.to_vec(), &[dim]);
            let within = of(&whole[row * dim..][..dim]);
            pairs.push(("alone and within a batch", of(&alone), within.clone()));
            let elsewhere = of(&turned[(ROWS - 1 - row) * dim..][..dim]);
            pairs.push(("in a batch of another order", elsewhere, within));
        }
        Ok(pairs)
    });
    for (what, other, within) in pairs.map_err(failed("plain embeddings"))? {
        close(what, &other, &within, RTOL, ATOL)?;
    }
    KEPT
}

fn training_lowers_the_loss(make: &Make<'_, dyn Backbone>) -> Finding {
    let losses = quietly(|ctx| {
        let mut backbone = trained(make, 0, ctx)?;
        (0..40)
            .map(|_| train(&mut *backbone, 0, &mut Softmax, ctx))
            .collect::<Result<Vec<_>>>()
    });
    let losses = losses.map_err(failed("40 steps"))?;
    if let Some(step) = losses.iter().position(|loss| !loss.is_finite()) {
        return Err(format!("the loss of step {step} is {}", losses[step]));
    }
    match losses[39] < losses[0] {
        true => KEPT,
        false => Err(format!(
            "after 40 steps on one batch the loss went from {} to {}",
            losses[0], losses[39]
        )),
    }
}
