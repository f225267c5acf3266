//! Moving average of the weights.

use ficta_core::Result;
use ficta_tch_bridge::{Parameters, move_towards};
use tch::Tensor;

/// Exponential moving average, in the order of the parameters.
pub(crate) struct Ema {
    pub(crate) tensors: Vec<Tensor>,
}

impl Ema {
    /// Starts at the weights as they are.
    pub(crate) fn new(parameters: &Parameters) -> Result<Self> {
        Ok(Self {
            tensors: parameters.snapshot()?,
        })
    }

    /// Takes step number `step` (from 1) in: e += (1 - d) (w - e).
    pub(crate) fn update(&mut self, parameters: &Parameters, decay: f64, step: u64) -> Result<()> {
        let share = 1.0 - decay_at(decay, step);
        move_towards(&mut self.tensors, parameters.tensors(), share)
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
        let mut parameters = Parameters::new();
        let w = parameters.add("w", Tensor::from_slice(&[1f32, -2.0])).unwrap();
        let mut ema = Ema::new(&parameters).unwrap();
        tch::no_grad(|| {
            let _ = parameters.get(w).shallow_clone().fill_(3.0);
        });
        ema.update(&parameters, 0.5, 100).unwrap();
        assert_eq!(Vec::<f32>::try_from(&ema.tensors[0]).unwrap(), [2.0, 0.5]);
        ema.update(&parameters, 0.5, 1).unwrap();
        let d = 2.0 / 11.0;
        let expected = [3.0 - d, 3.0 - 2.5 * d];
        for (got, expected) in Vec::<f32>::try_from(&ema.tensors[0]).unwrap().iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-6);
        }
    }
}
