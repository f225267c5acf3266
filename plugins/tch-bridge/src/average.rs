//! Moving averages of weights.

use ficta_core::Result;
use tch::{Device, Kind, Tensor};

use crate::{OrBackend, TchResult, dense};

/// Moves each f32 tensor of `means` towards its counterpart: m += share (target - m). Whole numbers are copied.
///
/// # Errors
/// Tensors of other types or shapes.
pub fn move_towards(means: &mut [Tensor], targets: &[Tensor], share: f64) -> Result<()> {
    let share = share as f32;
    let mut pairs = means.iter_mut().zip(targets);
    let each = |(mean, target): (&mut Tensor, &Tensor)| -> TchResult<()> {
        if mean.kind() == Kind::Int64 {
            return mean.f_copy_(target);
        }
        if mean.device() != Device::Cpu {
            return by_operations(mean, target, share);
        }
        let mut target = dense::like(target, mean)?;
        let target = dense::elements(&mut target)?;
        dense::elements(mean)?
            .iter_mut()
            .zip(target)
            .for_each(|(m, t)| *m += (*t - *m) * share);
        Ok(())
    };
    tch::no_grad(|| pairs.try_for_each(each)).or_backend("averaging weights")
}

/// The same by the device's own operations.
fn by_operations(mean: &mut Tensor, target: &Tensor, share: f32) -> TchResult<()> {
    let step = target.f_sub(mean)?.f_mul_scalar(f64::from(share))?;
    mean.f_add_(&step).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_give_what_the_loop_gives() {
        let target = Tensor::from_slice(&[1f32, -2.5, 1e-3, 7e4]);
        let mut means = [Tensor::from_slice(&[0.1f32, 3.0, -2.0, 5.0])];
        let mut mean = means[0].copy();
        move_towards(&mut means, &[target.shallow_clone()], 0.3).unwrap();
        by_operations(&mut mean, &target, 0.3).unwrap();
        assert!(mean.allclose(&means[0], 1e-6, 0.0, false));
    }
}
