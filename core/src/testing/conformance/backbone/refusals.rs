//! What a backbone must refuse.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, no_panic, quietly, refuses, refuses_as, view},
    },
    BATCH, Batch, CLASSES, RATE, Softmax, trained,
};
use crate::{Backbone, Element, ErrorKind, Result, TensorMut, TensorRef, testing::Make};

/// What a backbone is given, each view to be exchanged for another.
#[derive(Clone, Copy)]
struct Views<'a> {
    images: TensorRef<'a>,
    labels: TensorRef<'a>,
}

impl<'a> Views<'a> {
    fn of(batch: &'a Batch) -> Result<Self, String> {
        Ok(Self {
            images: view(&batch.images, &batch.shape)?,
            labels: view(&batch.labels, &[batch.labels.len()])?,
        })
    }

    fn train(&self, make: &Make<'_, dyn Backbone>) -> Result<f64> {
        quietly(|ctx| trained(make, 0, ctx)?.train_step(self.images, self.labels, &mut Softmax, RATE, ctx))
    }

    /// Into room for so many rows, and for `longer` numbers more than an embedding has.
    fn embed_into<T: Element + Default>(
        &self,
        make: &Make<'_, dyn Backbone>,
        rows: usize,
        longer: usize,
    ) -> Result<()> {
        quietly(|ctx| {
            let mut backbone = trained(make, 0, ctx)?;
            let shape = [rows, backbone.info().dim + longer];
            let mut out = vec![T::default(); shape.iter().product()];
            backbone.embed(self.images, TensorMut::new(&mut out, &shape)?, ctx)
        })
    }

    fn embed(&self, make: &Make<'_, dyn Backbone>) -> Result<()> {
        self.embed_into::<f32>(make, self.images.shape()[0], 0)
    }
}

fn batch(make: &Make<'_, dyn Backbone>) -> Result<Batch, String> {
    let info = make().map_err(failed("construction"))?.info();
    Ok(Batch::new(&info, BATCH, 0))
}

pub(super) fn labels_out_of_range(make: &Make<'_, dyn Backbone>) -> Finding {
    for label in [CLASSES as i64, -2, i64::MAX] {
        let mut batch = batch(make)?;
        batch.labels[1] = label;
        refuses(
            &format!("label {label} of {CLASSES} classes"),
            Views::of(&batch)?.train(make),
        )?;
    }
    KEPT
}

pub(super) fn nan(make: &Make<'_, dyn Backbone>) -> Finding {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut batch = batch(make)?;
        batch.images[0] = bad;
        let views = Views::of(&batch)?;
        refuses_as(
            &format!("training on an image with {bad}"),
            ErrorKind::DATA,
            views.train(make),
        )?;
        refuses_as(
            &format!("embedding an image with {bad}"),
            ErrorKind::DATA,
            views.embed(make),
        )?;
    }
    KEPT
}

pub(super) fn wrong_shapes(make: &Make<'_, dyn Backbone>) -> Finding {
    let batch = batch(make)?;
    let plain = Views::of(&batch)?;
    plain.train(make).map_err(failed("a step that fits"))?;
    plain.embed(make).map_err(failed("an embedding that fits"))?;
    let [b, c, h, w] = batch.shape;
    let labels = Views {
        labels: view(&batch.labels[1..], &[b - 1])?,
        ..plain
    };
    let higher = vec![0f32; b * c * (h + 1) * w];
    let images = Views {
        images: view(&higher, &[b, c, h + 1, w])?,
        ..plain
    };
    refuses("7 labels of 8 images", labels.train(make))?;
    refuses("a step on images one row higher", images.train(make))?;
    refuses("an embedding of images one row higher", images.embed(make))?;
    refuses(
        "room for embeddings of another length",
        plain.embed_into::<f32>(make, b, 1),
    )?;
    refuses(
        "room for 7 embeddings of 8 images",
        plain.embed_into::<f32>(make, b - 1, 0),
    )?;
    KEPT
}

pub(super) fn wrong_types(make: &Make<'_, dyn Backbone>) -> Finding {
    let batch = batch(make)?;
    let plain = Views::of(&batch)?;
    let doubles: Vec<f64> = batch.images.iter().map(|x| f64::from(*x)).collect();
    let floats: Vec<f32> = batch.labels.iter().map(|y| *y as f32).collect();
    let images = Views {
        images: view(&doubles, &batch.shape)?,
        ..plain
    };
    let labels = Views {
        labels: view(&floats, &[floats.len()])?,
        ..plain
    };
    refuses("a step on images in f64", images.train(make))?;
    refuses("an embedding of images in f64", images.embed(make))?;
    refuses("labels in f32", labels.train(make))?;
    refuses("room for embeddings in f64", plain.embed_into::<f64>(make, BATCH, 0))?;
    KEPT
}

pub(super) fn empty_batch(make: &Make<'_, dyn Backbone>) -> Finding {
    let info = make().map_err(failed("construction"))?.info();
    let empty = Batch::new(&info, 0, 0);
    let empty = Views::of(&empty)?;
    no_panic("an embedding of no images", empty.embed(make))?;
    no_panic("a step on no images", empty.train(make))?;
    KEPT
}
