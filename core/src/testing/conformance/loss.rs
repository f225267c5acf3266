//! What [`Loss`] promises.

mod refusals;

use super::{
    Finding, Found, Item, KEPT,
    ask::{close, failed, finite, quietly, refuses, same_bits, under},
    cancellation::{Job, stops},
    progress::progress_rises,
};
use crate::{
    Ctx, Loss, Result,
    testing::{LossBatch, LossOutput, Make, Output, Steps, check_gradient_with},
};

const BATCH: usize = 6;
const CLASSES: usize = 9;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Loss>) -> Vec<Item<'a>> {
    vec![
        (
            "writes-everything",
            Box::new(move || finite(&run(make, &batch(), 1, 1)?)),
        ),
        ("gradient", Box::new(move || gradient(make))),
        ("deterministic", Box::new(move || deterministic(make))),
        ("threads", Box::new(move || threads(make))),
        ("mean-over-rows", Box::new(move || mean_over_rows(make))),
        ("order-of-rows", Box::new(move || order_of_rows(make))),
        ("state", Box::new(move || state(make))),
        ("wrong-shapes", Box::new(move || refusals::wrong_shapes(make))),
        ("wrong-types", Box::new(move || refusals::wrong_types(make))),
        (
            "labels-out-of-range",
            Box::new(move || refusals::labels_out_of_range(make)),
        ),
        ("nan", Box::new(move || refusals::nan(make))),
        ("empty-batch", Box::new(move || refusals::empty_batch(make))),
        (
            "progress",
            Box::new(move || progress_rises(|ctx| large(1).evaluate(&mut *make()?, ctx).map(drop))),
        ),
        ("cancellation", Box::new(move || stops(16, |size| job(make, size)))),
    ]
}

/// The standard batch of checks and snapshots.
pub(super) fn batch() -> LossBatch {
    LossBatch::random(BATCH, CLASSES, 1)
}

fn large(size: usize) -> LossBatch {
    LossBatch::random(128 * size, 2000, 2)
}

fn job(make: &Make<'_, dyn Loss>, size: usize) -> Result<Job> {
    let (mut loss, batch) = (make()?, large(size));
    Ok(Box::new(move |ctx| batch.evaluate(&mut *loss, ctx).map(drop)))
}

/// What a fresh loss makes of the standard batch.
pub(in crate::testing) fn output(loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<Output> {
    batch().evaluate(loss, ctx).map(|out| as_output(&batch(), out))
}

fn as_output(batch: &LossBatch, out: LossOutput) -> Output {
    Output::new()
        .with_number("loss", out.loss)
        .with("d loss / d cosines", out.cosines, &[batch.labels.len(), batch.classes])
        .with("d loss / d norms", out.norms, &[batch.labels.len()])
}

fn run(make: &Make<'_, dyn Loss>, batch: &LossBatch, seed: u64, threads: u32) -> Result<Output, String> {
    under(seed, threads, |ctx| batch.evaluate(&mut *make()?, ctx))
        .map(|out| as_output(batch, out))
        .map_err(failed("a plain batch"))
}

/// Against central differences, at a step that suits losses of scale 64; norms only where the loss differentiates through them. The cosines stay clear of
/// the kinks that margins on angles have near -1.
fn gradient(make: &Make<'_, dyn Loss>) -> Finding {
    let mut small = LossBatch::random(4, 5, 3);
    small.cosines.iter_mut().for_each(|c| *c *= 0.75);
    let mut loss = make().map_err(failed("construction"))?;
    let norms = quietly(|ctx| small.evaluate(&mut *loss, ctx))
        .map_err(failed("a plain batch"))?
        .norms;
    let steps = Steps {
        cosine: 1.0 / 4096.0,
        norm: norms.iter().any(|g| *g != 0.0).then_some(1.0 / 64.0),
    };
    let report = check_gradient_with(&mut *make().map_err(failed("construction"))?, &small, steps)
        .map_err(failed("a plain batch"))?;
    match report.worst() {
        worst if worst.error <= 5e-3 => KEPT,
        worst => Err(format!("the gradient is not the derivative of the value: {worst}")),
    }
}

fn deterministic(make: &Make<'_, dyn Loss>) -> Finding {
    same_bits(
        "two fresh instances, one batch",
        &run(make, &batch(), 1, 1)?,
        &run(make, &batch(), 1, 1)?,
    )
}

fn threads(make: &Make<'_, dyn Loss>) -> Finding {
    same_bits(
        "1 thread and 2",
        &run(make, &large(1), 1, 1)?,
        &run(make, &large(1), 1, 2)?,
    )
}

/// Why the rows of a batch cannot be compared with the same rows alone or in another order, if so: losses with running statistics see batches, and
/// some draw a margin by the row's place. Of the others, each row stands for itself.
fn bound_to_batches(make: &Make<'_, dyn Loss>) -> Result<Option<&'static str>, String> {
    let mut loss = make().map_err(failed("construction"))?;
    let mut value = |order: &[usize]| {
        let batch = rows(&batch(), order);
        let out = quietly(|ctx| batch.evaluate(&mut *loss, ctx)).map_err(failed("a plain batch"))?;
        Ok::<_, String>(out.loss)
    };
    let (once, twice) = (value(&[0])?, value(&[0, 0])?);
    if !loss.save_state().map_err(failed("save_state"))?.is_empty() {
        return Ok(Some("it keeps running statistics over batches"));
    }
    let differ = (once - twice).abs() > 1e-5 * once.abs().max(1.0);
    // A loss that draws gives another value under another seed; one that does not takes a sum for a mean.
    let seeded = |seed| {
        let work = |ctx: &Ctx<'_>| rows(&batch(), &[0, 0]).evaluate(&mut *make()?, ctx);
        under(seed, 1, work).map_err(failed("a plain batch"))
    };
    let draws = differ && seeded(1)?.loss.to_bits() != seeded(2)?.loss.to_bits();
    Ok(draws.then_some("one row has another loss when it is given twice: it draws by the row's place"))
}

fn rows(batch: &LossBatch, order: &[usize]) -> LossBatch {
    let c = batch.classes;
    LossBatch {
        cosines: order
            .iter()
            .flat_map(|i| batch.cosines[i * c..][..c].to_vec())
            .collect(),
        norms: order.iter().map(|i| batch.norms[*i]).collect(),
        labels: order.iter().map(|i| batch.labels[*i]).collect(),
        ..*batch
    }
}

fn mean_over_rows(make: &Make<'_, dyn Loss>) -> Finding {
    if let Some(why) = bound_to_batches(make)? {
        return Ok(Found::Skipped(why.into()));
    }
    let all = batch();
    let out = |b: &LossBatch| quietly(|ctx| b.evaluate(&mut *make()?, ctx)).map_err(failed("a plain batch"));
    let whole = out(&all)?;
    let (mut loss, mut cosines, mut norms) = (0.0, Vec::new(), Vec::new());
    for row in 0..BATCH {
        let one = out(&rows(&all, &[row]))?;
        loss += one.loss / BATCH as f64;
        cosines.extend(one.cosines.iter().map(|g| g / BATCH as f32));
        norms.extend(one.norms.iter().map(|g| g / BATCH as f32));
    }
    let mean = as_output(&all, LossOutput { loss, cosines, norms });
    close(
        "a batch, and the mean of its rows alone",
        &as_output(&all, whole),
        &mean,
        1e-4,
        1e-6,
    )
}

fn order_of_rows(make: &Make<'_, dyn Loss>) -> Finding {
    if let Some(why) = bound_to_batches(make)? {
        return Ok(Found::Skipped(why.into()));
    }
    let order: Vec<usize> = (0..BATCH).rev().collect();
    let turned = run(make, &rows(&batch(), &order), 1, 1)?;
    let plain = quietly(|ctx| batch().evaluate(&mut *make()?, ctx)).map_err(failed("a plain batch"))?;
    let back = LossOutput {
        loss: plain.loss,
        cosines: order
            .iter()
            .flat_map(|i| plain.cosines[i * CLASSES..][..CLASSES].to_vec())
            .collect(),
        norms: order.iter().map(|i| plain.norms[*i]).collect(),
    };
    close("rows in reverse order", &turned, &as_output(&batch(), back), 1e-6, 1e-9)
}

/// A loss that goes on from a saved state gives what the one that was not interrupted gives.
fn state(make: &Make<'_, dyn Loss>) -> Finding {
    let next = LossBatch {
        step: 1,
        ..LossBatch::random(BATCH, CLASSES, 4)
    };
    let (first, resumed) = quietly(|ctx| {
        let mut first = make()?;
        batch().evaluate(&mut *first, ctx)?;
        let saved = first.save_state()?;
        let mut second = make()?;
        second.load_state(&saved)?;
        Ok((next.evaluate(&mut *first, ctx)?, next.evaluate(&mut *second, ctx)?))
    })
    .map_err(failed("saving and loading"))?;
    same_bits(
        "the next batch, without and with a stop in between",
        &as_output(&next, first),
        &as_output(&next, resumed),
    )?;
    let mut loss = make().map_err(failed("construction"))?;
    refuses("a state of 3 foreign bytes", loss.load_state(&[0xff, 0x00, 0x7f]))?;
    KEPT
}
