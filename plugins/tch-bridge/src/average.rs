//! Moving averages of weights.

use ficta_core::Result;
use tch::{Kind, Tensor};

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
