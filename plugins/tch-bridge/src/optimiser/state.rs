//! One tensor beside each trainable parameter.

use ficta_core::{Error, Result};
use tch::Tensor;

use crate::{OrBackend, Parameters, Saved, TchResult};

pub(super) fn zeros_like(parameters: &Parameters) -> Result<Vec<Tensor>> {
    tch::no_grad(|| {
        parameters
            .trainable()
            .map(|(_, p)| p.f_detach()?.f_zeros_like())
            .collect::<TchResult<_>>()
    })
    .or_backend("creating an optimiser's state")
}

/// The trainable tensors themselves.
pub(super) fn handles(parameters: &Parameters) -> Vec<Tensor> {
    parameters.trainable().map(|(_, p)| p.shallow_clone()).collect()
}

pub(super) fn named<'a>(state: &'a [Tensor], parameters: &'a Parameters, prefix: &str) -> Vec<(String, &'a Tensor)> {
    parameters
        .trainable()
        .zip(state)
        .map(|((name, _), t)| (format!("{prefix}{name}"), t))
        .collect()
}

pub(super) fn read(saved: &Saved, parameters: &Parameters, prefix: &str) -> Result<Vec<Tensor>> {
    parameters
        .trainable()
        .map(|(name, p)| saved.like(&format!("{prefix}{name}"), p))
        .collect()
}

pub(super) fn check(gradients: &[Tensor], state: &[Tensor]) -> Result<()> {
    let fits = gradients.len() == state.len() && gradients.iter().zip(state).all(|(g, s)| g.size() == s.size());
    if fits {
        return Ok(());
    }
    Err(Error::shape(format!(
        "{} gradients for an optimiser over {} parameters, or of other shapes",
        gradients.len(),
        state.len()
    )))
}
