//! Batches for denoisers, and networks after a few steps.

use super::{BATCH, DIM, RATE};
use crate::{
    Ctx, Denoiser, DenoiserInfo, Result, TensorMut, TensorRef,
    random::Stream,
    testing::{Make, Output},
};

/// A batch for training and for prediction.
pub(super) struct Batch {
    pub(super) images: Vec<f32>,
    pub(super) conditions: Vec<f32>,
    pub(super) times: Vec<i64>,
    pub(super) seeds: Vec<u64>,
    pub(super) shape: [usize; 4],
}

impl Batch {
    pub(super) fn new(info: &DenoiserInfo, batch: usize, index: u64) -> Self {
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

    /// These rows, in this order.
    pub(super) fn rows(&self, order: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[T], rows: usize, order: &[usize]) -> Vec<T> {
            let size = values.len() / rows;
            order.iter().flat_map(|i| values[i * size..][..size].to_vec()).collect()
        }
        let [batch, c, h, w] = self.shape;
        Self {
            images: pick(&self.images, batch, order),
            conditions: pick(&self.conditions, batch, order),
            times: pick(&self.times, batch, order),
            seeds: pick(&self.seeds, batch, order),
            shape: [order.len(), c, h, w],
        }
    }

    pub(super) fn predict(&self, denoiser: &mut dyn Denoiser, conditioned: bool, ctx: &Ctx<'_>) -> Result<Vec<f32>> {
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

    pub(super) fn train(&self, denoiser: &mut dyn Denoiser, ctx: &Ctx<'_>) -> Result<f64> {
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

pub(super) fn train(denoiser: &mut dyn Denoiser, index: u64, ctx: &Ctx<'_>) -> Result<f64> {
    Batch::new(&denoiser.info(), BATCH, index).train(denoiser, ctx)
}

/// A network after so many steps.
pub(super) fn trained(make: &Make<'_, dyn Denoiser>, steps: u64, ctx: &Ctx<'_>) -> Result<Box<dyn Denoiser>> {
    let mut denoiser = make()?;
    denoiser.initialise(DIM, ctx.seed(), ctx)?;
    for index in 0..steps {
        train(&mut *denoiser, index, ctx)?;
    }
    Ok(denoiser)
}

pub(super) fn predictions(denoiser: &mut dyn Denoiser, ctx: &Ctx<'_>) -> Result<Output> {
    let batch = Batch::new(&denoiser.info(), BATCH, 50);
    let (with, without) = (
        batch.predict(denoiser, true, ctx)?,
        batch.predict(denoiser, false, ctx)?,
    );
    Ok(Output::new()
        .with("with condition", with, &batch.shape)
        .with("without condition", without, &batch.shape))
}
