//! What [`Denoiser`] promises. Networks should be small here: pass parameters that make them so.

use super::{
    Finding, Item, KEPT,
    ask::{close, failed, finite, no_panic, quietly, refuses, same_bits, stops, under},
    checkpoint::Folder,
};
use crate::{
    Ctx, Denoiser, DenoiserInfo, Result, SaveKind, TensorMut, TensorRef,
    random::Stream,
    testing::{Make, Output},
};

/// Length of a condition.
const DIM: usize = 8;
const BATCH: usize = 3;
const RATE: f64 = 1e-3;
/// Networks on a BLAS sum in another order for another batch or thread count.
const RTOL: f64 = 1e-3;
const ATOL: f64 = 1e-4;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Denoiser>) -> Vec<Item<'a>> {
    let step = move |ctx: &Ctx<'_>| train(&mut *trained(make, 0, ctx)?, 0, ctx).map(drop);
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
        ("weights", Box::new(move || weights(make))),
        ("resume", Box::new(move || resume(make))),
        ("foreign-files", Box::new(move || foreign_files(make))),
        ("not-initialised", Box::new(move || not_initialised(make))),
        ("timesteps-out-of-range", Box::new(move || timesteps_out_of_range(make))),
        ("nan", Box::new(move || nan(make))),
        ("wrong-shapes", Box::new(move || wrong_shapes(make))),
        ("empty-batch", Box::new(move || empty_batch(make))),
        ("cancellation", Box::new(move || stops(step))),
    ]
}

/// A batch for training and for prediction.
struct Batch {
    images: Vec<f32>,
    conditions: Vec<f32>,
    times: Vec<i64>,
    seeds: Vec<u64>,
    shape: [usize; 4],
}

impl Batch {
    fn new(info: &DenoiserInfo, batch: usize, index: u64) -> Self {
        let mut stream = Stream::new(6, "testing.denoiser", index, 0);
        let shape = [batch, info.channels, info.height, info.width];
        let mut images = vec![0f32; shape.iter().product()];
        stream.fill_normal(&mut images);
        images.iter_mut().for_each(|x| *x = (0.5 * *x).clamp(-1.0, 1.0));
        let mut conditions = vec![0f32; batch * DIM];
        stream.fill_normal(&mut conditions);
        for row in conditions.chunks_mut(DIM) {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let steps = info.alpha_bar.len().max(1);
        Self {
            images,
            conditions,
            times: (0..batch)
                .map(|i| ((i + 1) * (steps - 1) / (batch + 1)) as i64)
                .collect(),
            seeds: (0..batch as u64).map(|i| 100 * index + i).collect(),
            shape,
        }
    }

    fn predict(&self, denoiser: &mut dyn Denoiser, conditioned: bool, ctx: &Ctx<'_>) -> Result<Vec<f32>> {
        let batch = self.shape[0];
        let mut out = vec![f32::NAN; self.images.len()];
        let condition = TensorRef::new(&self.conditions, &[batch, DIM])?;
        denoiser.predict(
            TensorRef::new(&self.images, &self.shape)?,
            TensorRef::new(&self.times, &[batch])?,
            conditioned.then_some(condition),
            TensorMut::new(&mut out, &self.shape)?,
            ctx,
        )?;
        Ok(out)
    }

    fn train(&self, denoiser: &mut dyn Denoiser, ctx: &Ctx<'_>) -> Result<f64> {
        let batch = self.shape[0];
        denoiser.train_step(
            TensorRef::new(&self.images, &self.shape)?,
            TensorRef::new(&self.conditions, &[batch, DIM])?,
            TensorRef::new(&self.seeds, &[batch])?,
            RATE,
            ctx,
        )
    }
}

fn train(denoiser: &mut dyn Denoiser, index: u64, ctx: &Ctx<'_>) -> Result<f64> {
    Batch::new(&denoiser.info(), BATCH, index).train(denoiser, ctx)
}

/// A network after so many steps.
fn trained(make: &Make<'_, dyn Denoiser>, steps: u64, ctx: &Ctx<'_>) -> Result<Box<dyn Denoiser>> {
    let mut denoiser = make()?;
    denoiser.initialise(DIM, ctx.seed(), ctx)?;
    for index in 0..steps {
        train(&mut *denoiser, index, ctx)?;
    }
    Ok(denoiser)
}

fn predictions(denoiser: &mut dyn Denoiser, ctx: &Ctx<'_>) -> Result<Output> {
    let batch = Batch::new(&denoiser.info(), BATCH, 50);
    let (with, without) = (
        batch.predict(denoiser, true, ctx)?,
        batch.predict(denoiser, false, ctx)?,
    );
    Ok(Output::new()
        .with("with condition", with, &batch.shape)
        .with("without condition", without, &batch.shape))
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
        let whole = all.predict(&mut *denoiser, true, ctx)?;
        let mut pairs = Vec::new();
        for row in 0..BATCH {
            let one = Batch {
                images: all.images[row * size..][..size].to_vec(),
                conditions: all.conditions[row * DIM..][..DIM].to_vec(),
                times: vec![all.times[row]],
                seeds: vec![all.seeds[row]],
                shape: [1, all.shape[1], all.shape[2], all.shape[3]],
            };
            let of = |values: Vec<f32>| Output::new().with(&format!("row {row}"), values, &one.shape);
            pairs.push((
                of(one.predict(&mut *denoiser, true, ctx)?),
                of(whole[row * size..][..size].to_vec()),
            ));
        }
        Ok(pairs)
    });
    for (alone, within) in pairs.map_err(failed("plain predictions"))? {
        close("alone and within a batch", &alone, &within, RTOL, ATOL)?;
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

fn weights(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (first, second) = quietly(|ctx| {
        let folder = Folder::new()?;
        let mut denoiser = trained(make, 2, ctx)?;
        denoiser.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("weights"), ctx)?;
        Ok((predictions(&mut *denoiser, ctx)?, predictions(&mut *loaded, ctx)?))
    })
    .map_err(failed("saving and loading weights"))?;
    same_bits("predictions before and after saving", &first, &second)
}

fn resume(make: &Make<'_, dyn Denoiser>) -> Finding {
    let on = |mut denoiser: Box<dyn Denoiser>, ctx: &Ctx<'_>| -> Result<Output> {
        let losses = vec![train(&mut *denoiser, 2, ctx)?, train(&mut *denoiser, 3, ctx)?];
        Ok(predictions(&mut *denoiser, ctx)?.with("losses", losses, &[2]))
    };
    let (through, resumed) = under(1, 1, |ctx| {
        let folder = Folder::new()?;
        let denoiser = trained(make, 2, ctx)?;
        denoiser.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("checkpoint"), ctx)?;
        Ok((on(denoiser, ctx)?, on(loaded, ctx)?))
    })
    .map_err(failed("saving and loading a checkpoint"))?;
    same_bits("two more steps without and with a stop in between", &through, &resumed)
}

fn foreign_files(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (foreign, cut, missing) = quietly(|ctx| {
        let folder = Folder::new()?;
        let denoiser = trained(make, 0, ctx)?;
        denoiser.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let load = |path: &std::path::Path| make().and_then(|mut d| d.load(path, ctx));
        let cut = folder.cut(&folder.file("checkpoint"))?;
        Ok((load(&folder.foreign()?), load(&cut), load(&folder.file("missing"))))
    })
    .map_err(failed("saving a checkpoint"))?;
    refuses("a foreign file", foreign)?;
    refuses("the first half of a checkpoint", cut)?;
    refuses("a file that does not exist", missing)?;
    KEPT
}

fn not_initialised(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (predict, step, save) = quietly(|ctx| {
        let mut denoiser = make()?;
        let batch = Batch::new(&denoiser.info(), 1, 0);
        let folder = Folder::new()?;
        let predict = batch.predict(&mut *denoiser, true, ctx);
        let step = batch.train(&mut *denoiser, ctx);
        Ok((
            predict,
            step,
            denoiser.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx),
        ))
    })
    .map_err(failed("construction"))?;
    refuses("a prediction before initialise", predict)?;
    refuses("a step before initialise", step)?;
    refuses("saving before initialise", save)?;
    KEPT
}

/// A prediction with a changed batch.
fn predict_with(make: &Make<'_, dyn Denoiser>, change: impl Fn(&mut Batch)) -> Result<Vec<f32>> {
    quietly(|ctx| {
        let mut denoiser = trained(make, 0, ctx)?;
        let mut batch = Batch::new(&denoiser.info(), BATCH, 0);
        change(&mut batch);
        batch.predict(&mut *denoiser, true, ctx)
    })
}

fn timesteps_out_of_range(make: &Make<'_, dyn Denoiser>) -> Finding {
    for t in [-1, 1_000_000, i64::MAX, i64::MIN] {
        refuses(&format!("timestep {t}"), predict_with(make, |batch| batch.times[1] = t))?;
    }
    KEPT
}

fn nan(make: &Make<'_, dyn Denoiser>) -> Finding {
    let step = quietly(|ctx| {
        let mut denoiser = trained(make, 0, ctx)?;
        let mut batch = Batch::new(&denoiser.info(), BATCH, 0);
        batch.images[0] = f32::NAN;
        batch.train(&mut *denoiser, ctx)
    });
    refuses("training on an image with NaN", step)?;
    KEPT
}

fn wrong_shapes(make: &Make<'_, dyn Denoiser>) -> Finding {
    refuses(
        "images one row higher",
        predict_with(make, |b| {
            b.shape[2] += 1;
            b.images = vec![0.0; b.shape.iter().product()];
        }),
    )?;
    refuses(
        "2 timesteps of 3 images",
        quietly(|ctx| {
            let mut denoiser = trained(make, 0, ctx)?;
            let batch = Batch::new(&denoiser.info(), BATCH, 0);
            let mut out = vec![0f32; batch.images.len()];
            denoiser.predict(
                TensorRef::new(&batch.images, &batch.shape)?,
                TensorRef::new(&batch.times[..2], &[2])?,
                None,
                TensorMut::new(&mut out, &batch.shape)?,
                ctx,
            )
        }),
    )?;
    refuses(
        "conditions of another length",
        quietly(|ctx| {
            let mut denoiser = trained(make, 0, ctx)?;
            let batch = Batch::new(&denoiser.info(), BATCH, 0);
            denoiser.train_step(
                TensorRef::new(&batch.images, &batch.shape)?,
                TensorRef::new(&batch.conditions[..BATCH * (DIM - 1)], &[BATCH, DIM - 1])?,
                TensorRef::new(&batch.seeds, &[BATCH])?,
                RATE,
                ctx,
            )
        }),
    )?;
    refuses(
        "images in f64",
        quietly(|ctx| {
            let mut denoiser = trained(make, 0, ctx)?;
            let batch = Batch::new(&denoiser.info(), BATCH, 0);
            let doubles: Vec<f64> = batch.images.iter().map(|x| f64::from(*x)).collect();
            denoiser.train_step(
                TensorRef::new(&doubles, &batch.shape)?,
                TensorRef::new(&batch.conditions, &[BATCH, DIM])?,
                TensorRef::new(&batch.seeds, &[BATCH])?,
                RATE,
                ctx,
            )
        }),
    )?;
    KEPT
}

fn empty_batch(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (predict, step) = quietly(|ctx| {
        let mut denoiser = trained(make, 0, ctx)?;
        let empty = Batch::new(&denoiser.info(), 0, 0);
        Ok((
            empty.predict(&mut *denoiser, true, ctx),
            empty.train(&mut *denoiser, ctx),
        ))
    })
    .map_err(failed("initialise"))?;
    no_panic("a prediction for no images", predict)?;
    no_panic("a step on no images", step)?;
    KEPT
}
