//! Moving averages of weights.

use ficta_core::Result;
use tch::{Kind, Tensor};

use crate::{OrBackend, TchResult, dense, foreach, placement::on_a_gpu};

/// Moves each f32 tensor of `means` towards its counterpart: m += share (target - m). Whole numbers are copied.
///
/// # Errors
/// Tensors of other types or shapes.
pub fn move_towards(means: &mut [Tensor], targets: &[Tensor], share: f64) -> Result<()> {
    let share = share as f32;
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
    tch::no_grad(|| {
        if on_a_gpu(means) {
            return by_lists(means, targets, share);
        }
        means.iter_mut().zip(targets).try_for_each(each)
    })
    .or_backend("averaging weights")
}

/// The same on a GPU.
fn by_lists(means: &[Tensor], targets: &[Tensor], share: f32) -> TchResult<()> {
    let (mut averaged, mut followed) = (Vec::new(), Vec::new());
    for (mean, target) in means.iter().zip(targets) {
        if mean.kind() == Kind::Int64 {
            mean.shallow_clone().f_copy_(target)?;
        } else {
            averaged.push(mean.shallow_clone());
            followed.push(target.f_detach()?);
        }
    }
    foreach::lerp(&averaged, &followed, f64::from(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_give_what_the_loop_gives() {
        let targets = [
            Tensor::from_slice(&[1f32, -2.5, 1e-3, 7e4]),
            Tensor::from_slice(&[9i64]),
        ];
        let mut means = [
            Tensor::from_slice(&[0.1f32, 3.0, -2.0, 5.0]),
            Tensor::from_slice(&[4i64]),
        ];
        let others = means.each_ref().map(Tensor::copy);
        move_towards(&mut means, &targets, 0.3).unwrap();
        by_lists(&others, &targets, 0.3).unwrap();
        assert!(others[0].allclose(&means[0], 1e-6, 0.0, false));
        assert_eq!(others[1], means[1]);
    }
}
