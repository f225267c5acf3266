//! Moving average of the weights.

use ficta_core::Result;
use tch::{Device, Tensor};

use crate::{OrBackend, Saved, TchResult, move_towards, placement::move_all};

/// Exponential moving average of weights and buffers, in their order.
pub struct Ema {
    tensors: Vec<Tensor>,
}

impl Ema {
    /// Starts at the weights as they are.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn new(weights: &[Tensor]) -> Result<Self> {
        let copies = || {
            weights
                .iter()
                .map(|t| Ok(t.f_detach()?.copy()))
                .collect::<TchResult<_>>()
        };
        Ok(Self {
            tensors: tch::no_grad(copies).or_backend("copying weights")?,
        })
    }

    /// Moves the average to `device`.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn move_to(&mut self, device: Device) -> Result<()> {
        move_all(&mut self.tensors, device)
    }

    /// The average, in the weights' order.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Takes step number `step` (from 1) in: e += (1 - d) (w - e). The decay d is `decay`, at first (1 + step)/(10 + step). Counters are copied.
    ///
    /// # Errors
    /// Weights of other shapes than those it began with.
    pub fn update(&mut self, weights: &[Tensor], decay: f64, step: u64) -> Result<()> {
        let share = 1.0 - decay_at(decay, step);
        move_towards(&mut self.tensors, weights, share)
    }

    /// Takes the averages saved under `prefix` and these names, whole or not at all.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::DATA`]: a missing tensor or one of another shape.
    pub fn restore<'n>(&mut self, saved: &Saved, prefix: &str, names: impl Iterator<Item = &'n str>) -> Result<()> {
        let read = names
            .zip(&self.tensors)
            .map(|(name, t)| saved.like(&format!("{prefix}{name}"), t));
        self.tensors = read.collect::<Result<_>>()?;
        Ok(())
    }
}

/// The decay d at step `step`: small at first, or the average would keep the random start for 1/(1 - d) steps.
fn decay_at(decay: f64, step: u64) -> f64 {
    decay.min((1 + step) as f64 / (10 + step) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decay_warms_up() {
        assert_eq!(decay_at(0.999, 1), 2.0 / 11.0);
        assert_eq!(decay_at(0.999, 90), 0.91);
        assert_eq!(decay_at(0.999, 1_000_000), 0.999);
        assert_eq!(decay_at(0.0, 5), 0.0);
    }

    #[test]
    fn average_follows_its_formula() {
        let mut weights = [Tensor::from_slice(&[1f32, -2.0]), Tensor::from_slice(&[4i64])];
        let mut ema = Ema::new(&weights).unwrap();
        let _ = weights[0].fill_(3.0);
        let _ = weights[1].fill_(7);
        ema.update(&weights, 0.5, 100).unwrap();
        assert_eq!(Vec::<f32>::try_from(&ema.tensors[0]).unwrap(), [2.0, 0.5]);
        assert_eq!(
            Vec::<i64>::try_from(&ema.tensors[1]).unwrap(),
            [7],
            "a counter has no average"
        );
        ema.update(&weights, 0.5, 1).unwrap();
        let d = 2.0 / 11.0;
        let expected = [3.0 - d, 3.0 - 2.5 * d];
        for (got, expected) in Vec::<f32>::try_from(&ema.tensors[0]).unwrap().iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-6);
        }
    }
}
