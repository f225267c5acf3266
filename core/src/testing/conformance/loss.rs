//! What [`Loss`] promises.

use super::{
    Finding, Found, Item, KEPT,
    ask::{close, failed, finite, no_panic, progress_rises, quietly, refuses, refuses_as, same_bits, stops, under},
};
use crate::{
    Ctx, ErrorKind, Loss, LossGradient, LossInput, Result, TensorMut, TensorRef,
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
        ("wrong-shapes", Box::new(move || wrong_shapes(make))),
        ("wrong-types", Box::new(move || wrong_types(make))),
        ("labels-out-of-range", Box::new(move || labels_out_of_range(make))),
        ("nan", Box::new(move || nan(make))),
        ("empty-batch", Box::new(move || empty_batch(make))),
        (
            "progress",
            Box::new(move || progress_rises(|ctx| evaluate(make, &large(), ctx))),
        ),
        (
            "cancellation",
            Box::new(move || stops(|ctx| evaluate(make, &large(), ctx))),
        ),
    ]
}

/// The standard batch of checks and snapshots.
pub(super) fn batch() -> LossBatch {
    LossBatch::random(BATCH, CLASSES, 1)
}

fn large() -> LossBatch {
    LossBatch::random(128, 2000, 2)
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

fn evaluate(make: &Make<'_, dyn Loss>, batch: &LossBatch, ctx: &Ctx<'_>) -> Result<()> {
    batch.evaluate(&mut *make()?, ctx).map(drop)
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
        &run(make, &large(), 1, 1)?,
        &run(make, &large(), 1, 2)?,
    )
}

/// Losses with running statistics see batches; of the others, each row stands for itself.
fn stateless(make: &Make<'_, dyn Loss>) -> Result<bool, String> {
    let mut loss = make().map_err(failed("construction"))?;
    quietly(|ctx| batch().evaluate(&mut *loss, ctx)).map_err(failed("a plain batch"))?;
    Ok(loss.save_state().map_err(failed("save_state"))?.is_empty())
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
    if !stateless(make)? {
        return Ok(Found::Skipped("it keeps running statistics over batches".into()));
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
    if !stateless(make)? {
        return Ok(Found::Skipped("it keeps running statistics over batches".into()));
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

/// One call on tensors of any shape.
struct Call {
    cosines: [usize; 2],
    norms: usize,
    labels: usize,
    gradient: [usize; 2],
    norm_gradient: usize,
}

const FITTING: Call = Call {
    cosines: [2, 3],
    norms: 2,
    labels: 2,
    gradient: [2, 3],
    norm_gradient: 2,
};

impl Call {
    fn on(&self, loss: &mut dyn Loss) -> Result<f64> {
        let cosines = vec![0.25f32; self.cosines.iter().product()];
        let (norms, labels) = (vec![20f32; self.norms], vec![1i64; self.labels]);
        let mut gradient = vec![0f32; self.gradient.iter().product()];
        let mut norm_gradient = vec![0f32; self.norm_gradient];
        let input = LossInput {
            cosines: TensorRef::new(&cosines, &self.cosines)?,
            norms: TensorRef::new(&norms, &[self.norms])?,
            labels: TensorRef::new(&labels, &[self.labels])?,
            step: 0,
        };
        let room = LossGradient {
            cosines: TensorMut::new(&mut gradient, &self.gradient)?,
            norms: TensorMut::new(&mut norm_gradient, &[self.norm_gradient])?,
        };
        quietly(|ctx| loss.evaluate(&input, room, ctx))
    }
}

fn wrong_shapes(make: &Make<'_, dyn Loss>) -> Finding {
    let mut loss = make().map_err(failed("construction"))?;
    FITTING.on(&mut *loss).map_err(failed("a batch that fits"))?;
    for (what, call) in [
        ("1 norm for 2 rows", Call { norms: 1, ..FITTING }),
        ("3 labels for 2 rows", Call { labels: 3, ..FITTING }),
        ("1 label for 2 rows", Call { labels: 1, ..FITTING }),
        (
            "room for 3x3 gradients of 2x3 cosines",
            Call {
                gradient: [3, 3],
                ..FITTING
            },
        ),
        (
            "room for 2x2 gradients of 2x3 cosines",
            Call {
                gradient: [2, 2],
                ..FITTING
            },
        ),
        (
            "room for 1 norm's gradient of 2",
            Call {
                norm_gradient: 1,
                ..FITTING
            },
        ),
    ] {
        refuses(what, call.on(&mut *loss))?;
    }
    FITTING
        .on(&mut *loss)
        .map_err(failed("a batch that fits, after errors"))?;
    KEPT
}

fn wrong_types(make: &Make<'_, dyn Loss>) -> Finding {
    let mut loss = make().map_err(failed("construction"))?;
    let (cosines, norms, labels) = ([0.25f32; 6], [20f32; 2], [1i64; 2]);
    let (doubles, floats) = ([0.25f64; 6], [1f32; 2]);
    let mut call = |f64_cosines: bool, f32_labels: bool, flat: bool| {
        let (mut g, mut n) = ([0f32; 6], [0f32; 2]);
        let input = LossInput {
            cosines: match f64_cosines {
                true => TensorRef::new(&doubles, &[2, 3])?,
                false => TensorRef::new(&cosines, if flat { &[6] } else { &[2, 3] })?,
            },
            norms: TensorRef::new(&norms, &[2])?,
            labels: match f32_labels {
                true => TensorRef::new(&floats, &[2])?,
                false => TensorRef::new(&labels, &[2])?,
            },
            step: 0,
        };
        let room = LossGradient {
            cosines: TensorMut::new(&mut g, &[2, 3])?,
            norms: TensorMut::new(&mut n, &[2])?,
        };
        quietly(|ctx| loss.evaluate(&input, room, ctx))
    };
    refuses("cosines in f64", call(true, false, false))?;
    refuses("labels in f32", call(false, true, false))?;
    refuses("cosines of one dimension", call(false, false, true))?;
    KEPT
}

fn labels_out_of_range(make: &Make<'_, dyn Loss>) -> Finding {
    for label in [CLASSES as i64, i64::MAX, i64::MIN, -2] {
        let mut wrong = batch();
        wrong.labels[2] = label;
        let result = quietly(|ctx| wrong.evaluate(&mut *make()?, ctx));
        refuses_as(&format!("label {label} of {CLASSES} classes"), ErrorKind::DATA, result)?;
    }
    KEPT
}

fn nan(make: &Make<'_, dyn Loss>) -> Finding {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut wrong = batch();
        wrong.cosines[CLASSES + 1] = bad;
        let result = quietly(|ctx| wrong.evaluate(&mut *make()?, ctx));
        refuses_as(&format!("a cosine that is {bad}"), ErrorKind::DATA, result)?;
    }
    KEPT
}

fn empty_batch(make: &Make<'_, dyn Loss>) -> Finding {
    let empty = LossBatch {
        cosines: vec![],
        norms: vec![],
        labels: vec![],
        ..batch()
    };
    no_panic("a batch of no rows", quietly(|ctx| empty.evaluate(&mut *make()?, ctx)))?;
    KEPT
}
