//! Losses that a backbone is lent, and what it makes of them.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, quietly, refuses, refuses_as},
    },
    BATCH, CLASSES, train, trained,
};
use crate::{
    Backbone, Ctx, Error, ErrorKind, Loss, LossGradient, LossInput, Result, softmax::softmax_cross_entropy,
    testing::Make,
};

/// Softmax on cosines times 16.
pub(super) struct Softmax;

impl Loss for Softmax {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        softmax_cross_entropy(input, &mut gradient, 16.0, ctx, |_| {})
    }
}

/// [`Softmax`] under a host that never cancels: whoever looks at cancellation is the backbone.
pub(super) struct Deaf;

impl Loss for Deaf {
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        quietly(|ctx| Softmax.evaluate(input, gradient, ctx))
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

/// What the backbone lends its loss are cosines, with the norms of the raw embeddings.
pub(super) fn cosines(make: &Make<'_, dyn Backbone>) -> Finding {
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

pub(super) fn losss_error(make: &Make<'_, dyn Backbone>) -> Finding {
    let result = quietly(|ctx| train(&mut *trained(make, 0, ctx)?, 0, &mut Failing, ctx));
    refuses_as("a loss that fails", ErrorKind::UNSUPPORTED, result)?;
    KEPT
}

pub(super) fn losss_nan(make: &Make<'_, dyn Backbone>) -> Finding {
    refuses(
        "a loss that is NaN",
        quietly(|ctx| train(&mut *trained(make, 0, ctx)?, 0, &mut NotANumber, ctx)),
    )?;
    KEPT
}
