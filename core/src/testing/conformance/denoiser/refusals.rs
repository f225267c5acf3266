//! What a denoiser must refuse.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, no_panic, quietly, refuses, refuses_as, view},
    },
    BATCH, Batch, DIM, RATE, trained,
};
use crate::{Denoiser, Element, ErrorKind, Result, TensorMut, TensorRef, testing::Make};

/// What a denoiser is given, each view to be exchanged for another.
#[derive(Clone, Copy)]
struct Views<'a> {
    images: TensorRef<'a>,
    conditions: TensorRef<'a>,
    times: TensorRef<'a>,
    seeds: TensorRef<'a>,
    /// Shape of the room for a prediction.
    out: [usize; 4],
}

impl<'a> Views<'a> {
    fn of(batch: &'a Batch) -> Result<Self, String> {
        let rows = batch.shape[0];
        let views = || {
            Ok(Self {
                images: TensorRef::new(&batch.images, &batch.shape)?,
                conditions: TensorRef::new(&batch.conditions, &[rows, DIM])?,
                times: TensorRef::new(&batch.times, &[rows])?,
                seeds: TensorRef::new(&batch.seeds, &[rows])?,
                out: batch.shape,
            })
        };
        views().map_err(failed("views of a batch"))
    }

    fn predict_into<T: Element + Default>(&self, make: &Make<'_, dyn Denoiser>) -> Result<()> {
        let mut out = vec![T::default(); self.out.iter().product()];
        quietly(|ctx| {
            let room = TensorMut::new(&mut out, &self.out)?;
            trained(make, 0, ctx)?.predict(self.images, self.times, Some(self.conditions), room, ctx)
        })
    }

    fn predict(&self, make: &Make<'_, dyn Denoiser>) -> Result<()> {
        self.predict_into::<f32>(make)
    }

    fn train(&self, make: &Make<'_, dyn Denoiser>) -> Result<f64> {
        quietly(|ctx| trained(make, 0, ctx)?.train_step(self.images, self.conditions, self.seeds, RATE, ctx))
    }
}

fn batch(make: &Make<'_, dyn Denoiser>) -> Result<Batch, String> {
    let info = make().map_err(failed("construction"))?.info();
    Ok(Batch::new(&info, BATCH, 0))
}

pub(super) fn timesteps_out_of_range(make: &Make<'_, dyn Denoiser>) -> Finding {
    for t in [-1, 1_000_000, i64::MAX, i64::MIN] {
        let mut batch = batch(make)?;
        batch.times[1] = t;
        refuses(&format!("timestep {t}"), Views::of(&batch)?.predict(make))?;
    }
    KEPT
}

pub(super) fn nan(make: &Make<'_, dyn Denoiser>) -> Finding {
    for bad in [f32::NAN, f32::INFINITY] {
        let (mut of_image, mut of_condition) = (batch(make)?, batch(make)?);
        of_image.images[0] = bad;
        of_condition.conditions[DIM + 1] = bad;
        let (image, condition) = (Views::of(&of_image)?, Views::of(&of_condition)?);
        let refused = |what: &str, result| refuses_as(&format!("{what} with {bad}"), ErrorKind::DATA, result);
        refused("training on an image", image.train(make).map(drop))?;
        refused("training on a condition", condition.train(make).map(drop))?;
        refused("a prediction from an x_t", image.predict(make))?;
        refused("a prediction from a condition", condition.predict(make))?;
    }
    KEPT
}

pub(super) fn wrong_shapes(make: &Make<'_, dyn Denoiser>) -> Finding {
    let batch = batch(make)?;
    let plain = Views::of(&batch)?;
    plain.predict(make).map_err(failed("a prediction that fits"))?;
    plain.train(make).map_err(failed("a step that fits"))?;
    let [b, c, h, w] = batch.shape;
    let higher = vec![0f32; b * c * (h + 1) * w];
    let images = Views {
        images: view(&higher, &[b, c, h + 1, w])?,
        out: [b, c, h + 1, w],
        ..plain
    };
    let times = Views {
        times: view(&batch.times[1..], &[b - 1])?,
        ..plain
    };
    let seeds = Views {
        seeds: view(&batch.seeds[1..], &[b - 1])?,
        ..plain
    };
    let short = Views {
        conditions: view(&batch.conditions[..b * (DIM - 1)], &[b, DIM - 1])?,
        ..plain
    };
    let few = Views {
        conditions: view(&batch.conditions[DIM..], &[b - 1, DIM])?,
        ..plain
    };
    let out = |out| Views { out, ..plain }.predict(make);
    refuses("a prediction from images one row higher", images.predict(make))?;
    refuses("a step on images one row higher", images.train(make))?;
    refuses("2 timesteps of 3 images", times.predict(make))?;
    refuses("2 seeds of 3 images", seeds.train(make))?;
    refuses("a prediction from conditions of another length", short.predict(make))?;
    refuses("a step on conditions of another length", short.train(make))?;
    refuses("a prediction from 2 conditions of 3 images", few.predict(make))?;
    refuses("a step on 2 conditions of 3 images", few.train(make))?;
    refuses("room for 2 of 3 images", out([b - 1, c, h, w]))?;
    refuses("room for images one column narrower", out([b, c, h, w - 1]))?;
    KEPT
}

pub(super) fn wrong_types(make: &Make<'_, dyn Denoiser>) -> Finding {
    let batch = batch(make)?;
    let plain = Views::of(&batch)?;
    let rows = batch.shape[0];
    let doubles = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
    let (images, conditions) = (doubles(&batch.images), doubles(&batch.conditions));
    let times: Vec<f32> = batch.times.iter().map(|t| *t as f32).collect();
    let seeds: Vec<i64> = batch.seeds.iter().map(|s| *s as i64).collect();
    let images = Views {
        images: view(&images, &batch.shape)?,
        ..plain
    };
    let conditions = Views {
        conditions: view(&conditions, &[rows, DIM])?,
        ..plain
    };
    let times = Views {
        times: view(&times, &[rows])?,
        ..plain
    };
    let seeds = Views {
        seeds: view(&seeds, &[rows])?,
        ..plain
    };
    refuses("a prediction from x_t in f64", images.predict(make))?;
    refuses("a step on images in f64", images.train(make))?;
    refuses("a prediction from conditions in f64", conditions.predict(make))?;
    refuses("a step on conditions in f64", conditions.train(make))?;
    refuses("timesteps in f32", times.predict(make))?;
    refuses("seeds in i64", seeds.train(make))?;
    refuses("room for a prediction in f64", plain.predict_into::<f64>(make))?;
    KEPT
}

pub(super) fn empty_batch(make: &Make<'_, dyn Denoiser>) -> Finding {
    let info = make().map_err(failed("construction"))?.info();
    let empty = Batch::new(&info, 0, 0);
    let empty = Views::of(&empty)?;
    no_panic("a prediction for no images", empty.predict(make))?;
    no_panic("a step on no images", empty.train(make))?;
    KEPT
}
