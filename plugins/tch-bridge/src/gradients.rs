//! Reverse-mode differentiation.

use std::borrow::Borrow;

use ficta_core::{Error, Result};
use tch::Tensor;

use crate::OrBackend;

/// Gradients of a scalar with respect to `inputs`, in their order; zeros where the scalar does not depend on one. The graph is used up.
///
/// # Errors
/// [`ficta_core::ErrorKind::BACKEND`]: `loss` is no scalar or has no graph (libtorch would end the process there), or an input is not one of a graph.
pub fn gradients<T: Borrow<Tensor>>(loss: &Tensor, inputs: &[T]) -> Result<Vec<Tensor>> {
    if !loss.requires_grad() || loss.numel() != 1 {
        return Err(Error::backend(format!(
            "cannot differentiate a tensor of shape {:?}{}",
            loss.size(),
            if loss.requires_grad() { "" } else { " without a graph" }
        )));
    }
    let inputs: Vec<&Tensor> = inputs.iter().map(Borrow::borrow).collect();
    let doing = "computing gradients";
    let found = Tensor::f_run_backward(&[loss], &inputs, false, false).or_backend(doing)?;
    let filled = found.into_iter().zip(inputs);
    filled
        .map(|(g, p)| {
            if g.defined() {
                Ok(g)
            } else {
                p.f_detach().and_then(|p| p.f_zeros_like()).or_backend(doing)
            }
        })
        .collect()
}
