//! Operations on whole lists of tensors, as PyTorch's `torch._foreach_*` and its fused optimizers.
//!
//! On a GPU the launch of a kernel costs more than its work on a small tensor, and a network has hundreds. On the CPU the loops of this crate are better.

use std::ffi::c_char;

use tch::{TchError, Tensor};
use torch_sys::C_tensor;

use crate::{TchResult, message::message};

type Pointers = *const *mut C_tensor;

// SAFETY: `build.rs` compiles them from `foreach.cpp`, with these signatures.
unsafe extern "C" {
    fn ficta_foreach_sgd(w: Pointers, g: Pointers, v: Pointers, n: usize, lr: f64, m: f64, wd: f64) -> *mut c_char;
    fn ficta_foreach_adamw(
        weights: Pointers,
        gradients: Pointers,
        means: Pointers,
        squares: Pointers,
        count: usize,
        step: *const C_tensor,
        learning_rate: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *mut c_char;
    fn ficta_foreach_lerp(means: Pointers, targets: Pointers, count: usize, share: f64) -> *mut c_char;
    fn ficta_foreach_scale(tensors: Pointers, count: usize, factor: f64) -> *mut c_char;
    fn ficta_foreach_norm(tensors: Pointers, count: usize, norm: *mut f64) -> *mut c_char;
}

fn done(text: *mut c_char) -> TchResult<()> {
    message(text).map_or(Ok(()), |words| Err(TchError::Torch(words)))
}

/// C++'s pointers to some tensors, for as long as those are borrowed.
fn pointers(tensors: &[Tensor]) -> Vec<*mut C_tensor> {
    tensors.iter().map(|t| t.as_ptr().cast_mut()).collect()
}

/// Lists that a kernel walks side by side.
fn side_by_side(lists: &[&[Tensor]]) -> TchResult<usize> {
    let sizes = |list: &[Tensor]| list.iter().map(Tensor::size).collect::<Vec<_>>();
    let first = sizes(lists[0]);
    if lists.iter().all(|list| sizes(list) == first) {
        return Ok(first.len());
    }
    Err(TchError::Shape("lists of tensors of different shapes".into()))
}

/// A step of SGD as `torch.optim.SGD(fused=True)`: v = momentum v + (g + weight_decay p); p -= lr v.
pub(crate) fn sgd(
    weights: &[Tensor],
    gradients: &[Tensor],
    velocities: &[Tensor],
    [learning_rate, momentum, weight_decay]: [f64; 3],
) -> TchResult<()> {
    let count = side_by_side(&[weights, gradients, velocities])?;
    let [w, g, v] = [weights, gradients, velocities].map(pointers);
    // SAFETY: `count` live tensors each, of equal shapes.
    done(unsafe {
        ficta_foreach_sgd(
            w.as_ptr(),
            g.as_ptr(),
            v.as_ptr(),
            count,
            learning_rate,
            momentum,
            weight_decay,
        )
    })
}

/// What stays the same for all tensors of a step of AdamW.
pub(crate) struct AdamWStep {
    /// Number of this step, from 1.
    pub number: u64,
    pub learning_rate: f64,
    pub betas: (f64, f64),
    pub weight_decay: f64,
    pub eps: f64,
}

/// A step of AdamW as `torch.optim.AdamW(fused=True)`.
pub(crate) fn adamw(
    weights: &[Tensor],
    gradients: &[Tensor],
    means: &[Tensor],
    squares: &[Tensor],
    step: &AdamWStep,
) -> TchResult<()> {
    let count = side_by_side(&[weights, gradients, means, squares])?;
    let Some(first) = weights.first() else { return Ok(()) };
    let number = Tensor::f_from_slice(&[step.number as f32])?
        .f_reshape([0i64; 0])?
        .f_to_device(first.device())?;
    let [w, g, m, s] = [weights, gradients, means, squares].map(pointers);
    // SAFETY: `count` live tensors each, of equal shapes, and a live scalar.
    done(unsafe {
        ficta_foreach_adamw(
            w.as_ptr(),
            g.as_ptr(),
            m.as_ptr(),
            s.as_ptr(),
            count,
            number.as_ptr(),
            step.learning_rate,
            step.betas.0,
            step.betas.1,
            step.weight_decay,
            step.eps,
        )
    })
}

/// m += share (t - m), for all.
pub(crate) fn lerp(means: &[Tensor], targets: &[Tensor], share: f64) -> TchResult<()> {
    let count = side_by_side(&[means, targets])?;
    let [m, t] = [means, targets].map(pointers);
    // SAFETY: `count` live tensors each, of equal shapes.
    done(unsafe { ficta_foreach_lerp(m.as_ptr(), t.as_ptr(), count, share) })
}

/// Multiplies all by `factor`.
pub(crate) fn scale(tensors: &[Tensor], factor: f64) -> TchResult<()> {
    let all = pointers(tensors);
    // SAFETY: as many live tensors.
    done(unsafe { ficta_foreach_scale(all.as_ptr(), all.len(), factor) })
}

/// The Euclidean norm of all numbers of all tensors; one answer of the device.
pub(crate) fn norm(tensors: &[Tensor]) -> TchResult<f64> {
    let (all, mut norm) = (pointers(tensors), 0.0);
    // SAFETY: as many live tensors, and a number to write to.
    done(unsafe { ficta_foreach_norm(all.as_ptr(), all.len(), &raw mut norm) })?;
    Ok(norm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> [Vec<Tensor>; 2] {
        let plain = Tensor::from_slice(&[3f32, -4.0]);
        let turned = Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape([2, 3]);
        let other = turned.f_add_scalar(10.0).unwrap();
        [
            vec![plain.copy(), turned.transpose(0, 1).contiguous().transpose(0, 1)],
            vec![plain.f_add_scalar(10.0).unwrap(), other],
        ]
    }

    fn numbers(tensor: &Tensor) -> Vec<f32> {
        tensor.contiguous().flatten(0, -1).try_into().unwrap()
    }

    #[test]
    fn memory_orders_may_differ() {
        let [means, targets] = lists();
        assert_ne!(means[1].stride(), targets[1].stride());
        lerp(&means, &targets, 0.5).unwrap();
        assert_eq!(numbers(&means[1]), [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
    }

    #[test]
    fn norm_and_scale_go_over_all() {
        let [all, _] = lists();
        assert!((norm(&all).unwrap() - f64::sqrt(25.0 + 91.0)).abs() < 1e-6);
        scale(&all, -2.0).unwrap();
        assert_eq!(numbers(&all[0]), [-6.0, 8.0]);
        assert!(norm(&[Tensor::from_slice(&[f32::NAN])]).unwrap().is_nan());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let [some, others] = lists();
        assert!(lerp(&some, &others[..1], 0.5).is_err());
        assert!(lerp(&some[..1], &others[1..], 0.5).is_err());
        // Kinds that do not mix are libtorch's own error.
        let whole = [Tensor::from_slice(&[1i64, 2])];
        let error = scale(&whole, 0.5).unwrap_err().to_string();
        assert!(error.contains("result type"), "{error}");
    }
}
