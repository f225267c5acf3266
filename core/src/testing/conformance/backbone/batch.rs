//! Batches for backbones, and networks after a few steps.

use super::{BATCH, CLASSES, RATE, Softmax};
use crate::{
    Backbone, BackboneInfo, Ctx, Loss, Result, TensorMut, TensorRef,
    random::Stream,
    testing::{Make, Output},
};

/// Images whose class shows: each class brightens a quarter of its own.
pub(super) struct Batch {
    pub(super) images: Vec<f32>,
    pub(super) labels: Vec<i64>,
    pub(super) shape: [usize; 4],
}

impl Batch {
    pub(super) fn new(info: &BackboneInfo, batch: usize, index: u64) -> Self {
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

    /// These rows, in this order.
    pub(super) fn rows(&self, order: &[usize]) -> Self {
        let [batch, c, h, w] = self.shape;
        let size = self.images.len() / batch;
        Self {
            images: order
                .iter()
                .flat_map(|i| self.images[i * size..][..size].to_vec())
                .collect(),
            labels: order.iter().map(|i| self.labels[*i]).collect(),
            shape: [order.len(), c, h, w],
        }
    }

    pub(super) fn train(&self, backbone: &mut dyn Backbone, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
        let (images, labels) = (
            TensorRef::new(&self.images, &self.shape)?,
            TensorRef::new(&self.labels, &[self.labels.len()])?,
        );
        backbone.train_step(images, labels, loss, RATE, ctx)
    }

    pub(super) fn embed(&self, backbone: &mut dyn Backbone, ctx: &Ctx<'_>) -> Result<Vec<f32>> {
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

pub(super) fn train(backbone: &mut dyn Backbone, index: u64, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
    Batch::new(&backbone.info(), BATCH, index).train(backbone, loss, ctx)
}

pub(super) fn trained(make: &Make<'_, dyn Backbone>, steps: u64, ctx: &Ctx<'_>) -> Result<Box<dyn Backbone>> {
    let mut backbone = make()?;
    backbone.initialise(CLASSES, ctx.seed(), ctx)?;
    for index in 0..steps {
        train(&mut *backbone, index, &mut Softmax, ctx)?;
    }
    Ok(backbone)
}

pub(super) fn embeddings(backbone: &mut dyn Backbone, ctx: &Ctx<'_>) -> Result<Output> {
    let features = Batch::new(&backbone.info(), 3, 50).embed(backbone, ctx)?;
    Ok(Output::new().with("embeddings", features, &[3, backbone.info().dim]))
}
