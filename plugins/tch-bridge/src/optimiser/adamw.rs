//! AdamW (Loshchilov and Hutter 2019).

use ficta_core::Result;
use tch::{Device, Tensor};

use super::state;
use crate::{
    OrBackend, Parameters, Saved, TchResult, dense, foreach,
    placement::{move_all, on_a_gpu},
};

/// What stays the same from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// Decay rates of the first and second moments.
    pub betas: (f64, f64),
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    /// PyTorch's.
    fn default() -> Self {
        Self {
            betas: (0.9, 0.999),
            eps: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// AdamW as `torch.optim.AdamW` computes it.
pub struct AdamW {
    settings: AdamWSettings,
    mean: Vec<Tensor>,
    square: Vec<Tensor>,
    steps: u64,
}

impl AdamW {
    /// At its start, over the trainable tensors of `parameters`.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn new(settings: AdamWSettings, parameters: &Parameters) -> Result<Self> {
        Ok(Self {
            settings,
            mean: state::zeros_like(parameters)?,
            square: state::zeros_like(parameters)?,
            steps: 0,
        })
    }

    /// Moves the moments to `device`.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn move_to(&mut self, device: Device) -> Result<()> {
        move_all(&mut self.mean, device)?;
        move_all(&mut self.square, device)
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step. `gradients` are in the order of [`Parameters::trainable`].
    ///
    /// # Errors
    /// Gradients that do not fit; libtorch's.
    pub fn step(&mut self, parameters: &Parameters, gradients: &[Tensor], learning_rate: f64) -> Result<()> {
        state::check(gradients, &self.mean)?;
        tch::no_grad(|| self.update(parameters, gradients, learning_rate)).or_backend("stepping AdamW")
    }

    fn update(&mut self, parameters: &Parameters, gradients: &[Tensor], learning_rate: f64) -> TchResult<()> {
        let AdamWSettings {
            betas: (beta1, beta2),
            eps,
            weight_decay,
        } = self.settings;
        if on_a_gpu(&self.mean) {
            let step = foreach::AdamWStep {
                number: self.steps + 1,
                learning_rate,
                betas: (beta1, beta2),
                weight_decay,
                eps,
            };
            foreach::adamw(&state::handles(parameters), gradients, &self.mean, &self.square, &step)?;
            self.steps += 1;
            return Ok(());
        }
        let steps = (self.steps + 1) as f64;
        let rates = Rates {
            step_size: (learning_rate / (1.0 - beta1.powf(steps))) as f32,
            root: (1.0 - beta2.powf(steps)).sqrt() as f32,
            keep: (1.0 - learning_rate * weight_decay) as f32,
            new1: (1.0 - beta1) as f32,
            keep2: beta2 as f32,
            new2: (1.0 - beta2) as f32,
            eps: eps as f32,
        };
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for (((_, p), g), (mean, square)) in parameters.trainable().zip(gradients).zip(moments) {
            let (mut g, mut weights) = (dense::like(g, p)?, p.shallow_clone());
            (*mean, *square) = (dense::like(mean, p)?, dense::like(square, p)?);
            let moments = dense::elements(mean)?.iter_mut().zip(dense::elements(square)?);
            let pairs = dense::elements(&mut weights)?.iter_mut().zip(dense::elements(&mut g)?);
            for ((p, g), (mean, square)) in pairs.zip(moments) {
                *mean += (*g - *mean) * rates.new1;
                *square = *square * rates.keep2 + *g * *g * rates.new2;
                *p = *p * rates.keep - *mean / (square.sqrt() / rates.root + rates.eps) * rates.step_size;
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// The state's tensors under `adamw.exp_avg.` and `adamw.exp_avg_sq.` and the parameters' names. Save [`AdamW::steps`] too.
    pub fn state<'a>(&'a self, parameters: &'a Parameters) -> Vec<(String, &'a Tensor)> {
        let mut all = state::named(&self.mean, parameters, "adamw.exp_avg.");
        all.extend(state::named(&self.square, parameters, "adamw.exp_avg_sq."));
        all
    }

    /// Takes a saved state up, whole or not at all.
    ///
    /// # Errors
    /// A missing tensor or one of another shape.
    pub fn restore(&mut self, saved: &Saved, parameters: &Parameters, steps: u64) -> Result<()> {
        let mean = state::read(saved, parameters, "adamw.exp_avg.")?;
        let square = state::read(saved, parameters, "adamw.exp_avg_sq.")?;
        (self.mean, self.square, self.steps) = (mean, square, steps);
        Ok(())
    }
}

/// The constants of one step.
struct Rates {
    step_size: f32,
    /// Root of the second moment's bias correction.
    root: f32,
    /// Share of a weight that its decay leaves.
    keep: f32,
    /// Weight of the newest gradient in the first moment.
    new1: f32,
    /// Share of the second moment that stays.
    keep2: f32,
    /// Weight of the newest square in the second moment.
    new2: f32,
    eps: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_give_what_the_loop_gives() {
        let start = Tensor::from_slice(&[0.5f32, -2.0, 3.0, 1e-4]);
        let mut parameters = Parameters::new();
        parameters.add("p", start.copy()).unwrap();
        let mut adamw = AdamW::new(AdamWSettings::default(), &parameters).unwrap();
        let (p, mean, square) = ([start.copy()], [start.zeros_like()], [start.zeros_like()]);
        for number in 1..6 {
            let g = Tensor::from_slice(&[0.1f32, -3.0, 0.0, 2.0]) * f64::from(number as u8);
            adamw.step(&parameters, &[g.shallow_clone()], 0.01).unwrap();
            let step = foreach::AdamWStep {
                number,
                learning_rate: 0.01,
                betas: (0.9, 0.999),
                weight_decay: 0.01,
                eps: 1e-8,
            };
            foreach::adamw(&p, &[g], &mean, &square, &step).unwrap();
        }
        assert!(p[0].allclose(&parameters.tensors()[0].detach(), 1e-6, 0.0, false));
        assert!(mean[0].allclose(&adamw.mean[0], 1e-5, 0.0, false));
        assert!(square[0].allclose(&adamw.square[0], 1e-5, 0.0, false));
    }
}
