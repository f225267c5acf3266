//! What a loss must refuse.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, no_panic, quietly, refuses, refuses_as},
    },
    CLASSES, batch,
};
use crate::{
    ErrorKind, Loss, LossGradient, LossInput, Result, TensorMut, TensorRef,
    testing::{LossBatch, LossOutput, Make},
};

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

pub(super) fn wrong_shapes(make: &Make<'_, dyn Loss>) -> Finding {
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

pub(super) fn wrong_types(make: &Make<'_, dyn Loss>) -> Finding {
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

pub(super) fn labels_out_of_range(make: &Make<'_, dyn Loss>) -> Finding {
    for label in [CLASSES as i64, i64::MAX, i64::MIN, -2] {
        let mut wrong = batch();
        wrong.labels[2] = label;
        let result = quietly(|ctx| wrong.evaluate(&mut *make()?, ctx));
        refuses_as(&format!("label {label} of {CLASSES} classes"), ErrorKind::DATA, result)?;
    }
    KEPT
}

/// What a fresh loss makes of the standard batch with a change.
fn changed(make: &Make<'_, dyn Loss>, change: impl Fn(&mut LossBatch)) -> Result<LossOutput> {
    let mut batch = batch();
    change(&mut batch);
    quietly(|ctx| batch.evaluate(&mut *make()?, ctx))
}

/// Norms only where the loss uses them.
pub(super) fn nan(make: &Make<'_, dyn Loss>) -> Finding {
    let plain = changed(make, |_| ()).map_err(failed("a plain batch"))?;
    let longer =
        changed(make, |b| b.norms.iter_mut().for_each(|n| *n *= 2.0)).map_err(failed("norms twice as long"))?;
    for bad in [f32::NAN, f32::INFINITY] {
        let cosine = changed(make, |b| b.cosines[CLASSES + 1] = bad);
        refuses_as(&format!("a cosine that is {bad}"), ErrorKind::DATA, cosine)?;
        let norm = changed(make, |b| b.norms[1] = bad);
        let what = format!("a norm that is {bad}");
        match plain == longer {
            true => no_panic(&what, norm)?,
            false => refuses_as(&what, ErrorKind::DATA, norm)?,
        }
    }
    KEPT
}

pub(super) fn empty_batch(make: &Make<'_, dyn Loss>) -> Finding {
    let empty = LossBatch {
        cosines: vec![],
        norms: vec![],
        labels: vec![],
        ..batch()
    };
    no_panic("a batch of no rows", quietly(|ctx| empty.evaluate(&mut *make()?, ctx)))?;
    KEPT
}
