//! What [`Backbone`] promises. Networks should be small here: pass parameters that make them so.

use super::{
    Finding, Item, KEPT,
    ask::{close, failed, finite, no_panic, quietly, refuses, refuses_as, same_bits, stops, under},
    checkpoint::Folder,
};
use crate::{
    Backbone, BackboneInfo, Ctx, Error, ErrorKind, Loss, LossGradient, LossInput, Result, SaveKind, TensorMut,
    TensorRef,
    random::Stream,
    softmax::softmax_cross_entropy,
    testing::{Make, Output},
};

const CLASSES: usize = 4;
const BATCH: usize = 8;
const RATE: f64 = 0.05;
/// Networks on a BLAS sum in another order for another batch or thread count.
const RTOL: f64 = 1e-3;
const ATOL: f64 = 1e-4;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Backbone>) -> Vec<Item<'a>> {
    let step = move |ctx: &Ctx<'_>| train(&mut *trained(make, 0, ctx)?, 0, &mut Softmax, ctx).map(drop);
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
        ("cosines", Box::new(move || cosines(make))),
        ("losss-error", Box::new(move || losss_error(make))),
        ("losss-nan", Box::new(move || losss_nan(make))),
        ("weights", Box::new(move || weights(make))),
        ("resume", Box::new(move || resume(make))),
        ("foreign-files", Box::new(move || foreign_files(make))),
        ("not-initialised", Box::new(move || not_initialised(make))),
        ("labels-out-of-range", Box::new(move || labels_out_of_range(make))),
        ("nan", Box::new(move || nan(make))),
        ("wrong-shapes", Box::new(move || wrong_shapes(make))),
        ("empty-batch", Box::new(move || empty_batch(make))),
        ("cancellation", Box::new(move || stops(step))),
    ]
}

/// Softmax on cosines times 16.
struct Softmax;

impl Loss for Softmax {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        softmax_cross_entropy(input, &mut gradient, 16.0, ctx, |_| {})
    }
}

/// Fails on purpose.
struct Failing;

impl Loss for Failing {
    fn evaluate(&mut self, _: &LossInput<'_>, _: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        Err(Error::unsupported("the loss of the conformance suite fails on purpose"))
    }
}

/// A value that is no number, with a gradient of zeros.
struct NotANumber;

impl Loss for NotANumber {
    fn evaluate(&mut self, _: &LossInput<'_>, mut gradient: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        gradient.cosines.as_mut_slice::<f32>()?.fill(0.0);
        gradient.norms.as_mut_slice::<f32>()?.fill(0.0);
        Ok(f64::NAN)
    }
}

/// Keeps what it is lent.
#[derive(Default)]
struct Spy {
    shapes: Vec<Vec<usize>>,
    largest: f32,
    smallest_norm: f32,
}

impl Loss for Spy {
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        self.shapes = [input.cosines, input.norms, input.labels]
            .iter()
            .map(|t| t.shape().to_vec())
            .collect();
        self.shapes.push(gradient.cosines.shape().to_vec());
        self.largest = input.cosines.as_slice::<f32>()?.iter().fold(0.0, |m, c| m.max(c.abs()));
        self.smallest_norm = input
            .norms
            .as_slice::<f32>()?
            .iter()
            .fold(f32::INFINITY, |m, n| m.min(*n));
        Softmax.evaluate(input, gradient, ctx)
    }
}

/// Images whose class shows: each class brightens a quarter of its own.
struct Batch {
    images: Vec<f32>,
    labels: Vec<i64>,
    shape: [usize; 4],
}

impl Batch {
    fn new(info: &BackboneInfo, batch: usize, index: u64) -> Self {
        let mut stream = Stream::new(7, "testing.backbone", index, 0);
        let shape = [batch, info.channels, info.height, info.width];
        let mut images = vec![0f32; shape.iter().product()];
        stream.fill_normal(&mut images);
        let labels: Vec<i64> = (0..batch).map(|i| (i % CLASSES) as i64).collect();
        let size = (info.channels * info.height * info.width).max(1);
        for (image, label) in images.chunks_mut(size).zip(&labels) {
            for (p, x) in image.iter_mut().enumerate() {
                let bright = p * CLASSES / size == *label as usize;
                *x = (0.2 * *x + if bright { 0.6 } else { -0.4 }).clamp(-1.0, 1.0);
            }
        }
        Self { images, labels, shape }
    }

    fn train(&self, backbone: &mut dyn Backbone, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
        let (images, labels) = (
            TensorRef::new(&self.images, &self.shape)?,
            TensorRef::new(&self.labels, &[self.labels.len()])?,
        );
        backbone.train_step(images, labels, loss, RATE, ctx)
    }

    fn embed(&self, backbone: &mut dyn Backbone, ctx: &Ctx<'_>) -> Result<Vec<f32>> {
        let dim = backbone.info().dim;
        let mut out = vec![f32::NAN; self.shape[0] * dim];
        backbone.embed(
            TensorRef::new(&self.images, &self.shape)?,
            TensorMut::new(&mut out, &[self.shape[0], dim])?,
            ctx,
        )?;
        Ok(out)
    }
}

fn train(backbone: &mut dyn Backbone, index: u64, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
    Batch::new(&backbone.info(), BATCH, index).train(backbone, loss, ctx)
}

fn trained(make: &Make<'_, dyn Backbone>, steps: u64, ctx: &Ctx<'_>) -> Result<Box<dyn Backbone>> {
    let mut backbone = make()?;
    backbone.initialise(CLASSES, ctx.seed(), ctx)?;
    for index in 0..steps {
        train(&mut *backbone, index, &mut Softmax, ctx)?;
    }
    Ok(backbone)
}

fn embeddings(backbone: &mut dyn Backbone, ctx: &Ctx<'_>) -> Result<Output> {
    let features = Batch::new(&backbone.info(), 3, 50).embed(backbone, ctx)?;
    Ok(Output::new().with("embeddings", features, &[3, backbone.info().dim]))
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
    let pairs = quietly(|ctx| {
        let mut backbone = trained(make, 2, ctx)?;
        let all = Batch::new(&backbone.info(), 3, 50);
        let (size, dim) = (all.images.len() / 3, backbone.info().dim);
        let whole = all.embed(&mut *backbone, ctx)?;
        let mut pairs = Vec::new();
        for row in 0..3 {
            let one = Batch {
                images: all.images[row * size..][..size].to_vec(),
                labels: vec![all.labels[row]],
                shape: [1, all.shape[1], all.shape[2], all.shape[3]],
            };
            let of = |values: Vec<f32>| Output::new().with(&format!("row {row}"), values, &[dim]);
            pairs.push((
                of(one.embed(&mut *backbone, ctx)?),
                of(whole[row * dim..][..dim].to_vec()),
            ));
        }
        Ok(pairs)
    });
    for (alone, within) in pairs.map_err(failed("plain embeddings"))? {
        close("alone and within a batch", &alone, &within, RTOL, ATOL)?;
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

/// What the backbone lends its loss are cosines, with the norms of the raw embeddings.
fn cosines(make: &Make<'_, dyn Backbone>) -> Finding {
    let mut spy = Spy::default();
    quietly(|ctx| train(&mut *trained(make, 0, ctx)?, 0, &mut spy, ctx)).map_err(failed("a plain step"))?;
    let expected = [vec![BATCH, CLASSES], vec![BATCH], vec![BATCH], vec![BATCH, CLASSES]];
    if spy.shapes != expected {
        return Err(format!(
            "cosines, norms, labels and the cosines' gradient have shapes {:?}, expected {expected:?}",
            spy.shapes
        ));
    }
    // Written so that NaN fails.
    if spy.largest.is_nan() || spy.largest > 1.01 || spy.smallest_norm.is_nan() || spy.smallest_norm < 0.0 {
        return Err(format!(
            "a cosine of {} or a norm of {} was lent to the loss",
            spy.largest, spy.smallest_norm
        ));
    }
    KEPT
}

fn losss_error(make: &Make<'_, dyn Backbone>) -> Finding {
    let result = quietly(|ctx| train(&mut *trained(make, 0, ctx)?, 0, &mut Failing, ctx));
    refuses_as("a loss that fails", ErrorKind::UNSUPPORTED, result)?;
    KEPT
}

fn losss_nan(make: &Make<'_, dyn Backbone>) -> Finding {
    refuses(
        "a loss that is NaN",
        quietly(|ctx| train(&mut *trained(make, 0, ctx)?, 0, &mut NotANumber, ctx)),
    )?;
    KEPT
}

fn weights(make: &Make<'_, dyn Backbone>) -> Finding {
    let (first, second) = quietly(|ctx| {
        let folder = Folder::new()?;
        let mut backbone = trained(make, 2, ctx)?;
        backbone.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("weights"), ctx)?;
        Ok((embeddings(&mut *backbone, ctx)?, embeddings(&mut *loaded, ctx)?))
    })
    .map_err(failed("saving and loading weights"))?;
    same_bits("embeddings before and after saving", &first, &second)
}

fn resume(make: &Make<'_, dyn Backbone>) -> Finding {
    let on = |mut backbone: Box<dyn Backbone>, ctx: &Ctx<'_>| -> Result<Output> {
        let losses = vec![
            train(&mut *backbone, 2, &mut Softmax, ctx)?,
            train(&mut *backbone, 3, &mut Softmax, ctx)?,
        ];
        Ok(embeddings(&mut *backbone, ctx)?.with("losses", losses, &[2]))
    };
    let (through, resumed) = under(1, 1, |ctx| {
        let folder = Folder::new()?;
        let backbone = trained(make, 2, ctx)?;
        backbone.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("checkpoint"), ctx)?;
        Ok((on(backbone, ctx)?, on(loaded, ctx)?))
    })
    .map_err(failed("saving and loading a checkpoint"))?;
    same_bits("two more steps without and with a stop in between", &through, &resumed)
}

fn foreign_files(make: &Make<'_, dyn Backbone>) -> Finding {
    let (foreign, cut, missing) = quietly(|ctx| {
        let folder = Folder::new()?;
        trained(make, 0, ctx)?.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let load = |path: &std::path::Path| make().and_then(|mut b| b.load(path, ctx));
        let cut = folder.cut(&folder.file("checkpoint"))?;
        Ok((load(&folder.foreign()?), load(&cut), load(&folder.file("missing"))))
    })
    .map_err(failed("saving a checkpoint"))?;
    refuses("a foreign file", foreign)?;
    refuses("the first half of a checkpoint", cut)?;
    refuses("a file that does not exist", missing)?;
    KEPT
}

fn not_initialised(make: &Make<'_, dyn Backbone>) -> Finding {
    let (embed, step, save) = quietly(|ctx| {
        let mut backbone = make()?;
        let batch = Batch::new(&backbone.info(), BATCH, 0);
        let folder = Folder::new()?;
        let embed = batch.embed(&mut *backbone, ctx);
        let step = batch.train(&mut *backbone, &mut Softmax, ctx);
        Ok((
            embed,
            step,
            backbone.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx),
        ))
    })
    .map_err(failed("construction"))?;
    refuses("an embedding before initialise", embed)?;
    refuses("a step before initialise", step)?;
    refuses("saving before initialise", save)?;
    KEPT
}

/// A step on a changed batch.
fn step_with(make: &Make<'_, dyn Backbone>, change: impl Fn(&mut Batch)) -> Result<f64> {
    quietly(|ctx| {
        let mut backbone = trained(make, 0, ctx)?;
        let mut batch = Batch::new(&backbone.info(), BATCH, 0);
        change(&mut batch);
        batch.train(&mut *backbone, &mut Softmax, ctx)
    })
}

fn labels_out_of_range(make: &Make<'_, dyn Backbone>) -> Finding {
    for label in [CLASSES as i64, -2, i64::MAX] {
        refuses(
            &format!("label {label} of {CLASSES} classes"),
            step_with(make, |b| b.labels[1] = label),
        )?;
    }
    KEPT
}

fn nan(make: &Make<'_, dyn Backbone>) -> Finding {
    refuses(
        "training on an image with NaN",
        step_with(make, |b| b.images[0] = f32::NAN),
    )?;
    let embedded = quietly(|ctx| {
        let mut backbone = trained(make, 0, ctx)?;
        let mut batch = Batch::new(&backbone.info(), BATCH, 0);
        batch.images[0] = f32::NAN;
        batch.embed(&mut *backbone, ctx)
    });
    refuses("embedding an image with NaN", embedded)?;
    KEPT
}

fn wrong_shapes(make: &Make<'_, dyn Backbone>) -> Finding {
    refuses(
        "7 labels of 8 images",
        step_with(make, |b| {
            b.labels.pop();
        }),
    )?;
    refuses(
        "images one row higher",
        step_with(make, |b| {
            b.shape[2] += 1;
            b.images = vec![0.0; b.shape.iter().product()];
        }),
    )?;
    let room = quietly(|ctx| {
        let mut backbone = trained(make, 0, ctx)?;
        let batch = Batch::new(&backbone.info(), BATCH, 0);
        let dim = backbone.info().dim + 1;
        let mut out = vec![0f32; BATCH * dim];
        backbone.embed(
            TensorRef::new(&batch.images, &batch.shape)?,
            TensorMut::new(&mut out, &[BATCH, dim])?,
            ctx,
        )
    });
    refuses("room for embeddings of another length", room)?;
    KEPT
}

fn empty_batch(make: &Make<'_, dyn Backbone>) -> Finding {
    let (embed, step) = quietly(|ctx| {
        let mut backbone = trained(make, 0, ctx)?;
        let empty = Batch::new(&backbone.info(), 0, 0);
        Ok((
            empty.embed(&mut *backbone, ctx),
            empty.train(&mut *backbone, &mut Softmax, ctx),
        ))
    })
    .map_err(failed("initialise"))?;
    no_panic("an embedding of no images", embed)?;
    no_panic("a step on no images", step)?;
    KEPT
}
