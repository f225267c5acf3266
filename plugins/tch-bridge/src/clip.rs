//! Clipping of gradients.

use ficta_core::{Error, Result};
use tch::Tensor;

use crate::{OrBackend, TchResult, foreach, placement::on_a_gpu};

/// Scales all gradients by one factor so that their joint Euclidean norm does not exceed `limit`, as PyTorch's `clip_grad_norm_` does; returns the
/// norm before. With `limit` infinite it only measures.
///
/// # Errors
/// [`ficta_core::ErrorKind::DIVERGED`] where the norm is not finite; the gradients are as they were then.
pub fn clip_gradient_norm(gradients: &mut [Tensor], limit: f64) -> Result<f64> {
    let norm = tch::no_grad(|| measure(gradients)).or_backend("measuring gradients")?;
    if !norm.is_finite() {
        return Err(Error::diverged(format!("the gradient's norm is {norm}"))
            .help("lower the learning rate, or look for images or features that are not finite"));
    }
    // The constant is PyTorch's.
    let factor = limit / (norm + 1e-6);
    if factor < 1.0 {
        tch::no_grad(|| scale(gradients, factor)).or_backend("clipping gradients")?;
    }
    Ok(norm)
}

fn scale(gradients: &mut [Tensor], factor: f64) -> TchResult<()> {
    if on_a_gpu(gradients) {
        return foreach::scale(gradients, factor);
    }
    gradients.iter_mut().try_for_each(|g| g.f_mul_scalar_(factor).map(drop))
}

fn measure(gradients: &[Tensor]) -> TchResult<f64> {
    if on_a_gpu(gradients) {
        return foreach::norm(gradients);
    }
    let mut sum = 0.0;
    for g in gradients {
        sum += f64::try_from(g.f_norm()?)?.powi(2);
    }
    Ok(sum.sqrt())
}
