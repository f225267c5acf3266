//! Stochastic gradient descent with momentum.

use ficta_core::Result;
use tch::{Device, Tensor};

use super::state;
use crate::{
    OrBackend, Parameters, Saved, TchResult, dense, foreach,
    placement::{move_all, on_a_gpu},
};

/// What stays the same from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdSettings {
    /// Share of the velocity that a step keeps.
    pub momentum: f64,
    /// Weight decay, as L2 penalty added to the gradient.
    pub weight_decay: f64,
}

/// SGD as `torch.optim.SGD` computes it, without dampening or Nesterov's correction: v = momentum v + (g + weight_decay p); p -= lr v.
pub struct Sgd {
    settings: SgdSettings,
    velocity: Vec<Tensor>,
    steps: u64,
}

impl Sgd {
    /// At its start, over the trainable tensors of `parameters`.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn new(settings: SgdSettings, parameters: &Parameters) -> Result<Self> {
        Ok(Self {
            settings,
            velocity: state::zeros_like(parameters)?,
            steps: 0,
        })
    }

    /// Moves the velocities to `device`.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn move_to(&mut self, device: Device) -> Result<()> {
        move_all(&mut self.velocity, device)
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
        state::check(gradients, &self.velocity)?;
        tch::no_grad(|| self.update(parameters, gradients, learning_rate)).or_backend("stepping SGD")
    }

    fn update(&mut self, parameters: &Parameters, gradients: &[Tensor], learning_rate: f64) -> TchResult<()> {
        let SgdSettings { momentum, weight_decay } = self.settings;
        if on_a_gpu(&self.velocity) {
            let weights = state::handles(parameters);
            foreach::sgd(
                &weights,
                gradients,
                &self.velocity,
                [learning_rate, momentum, weight_decay],
            )?;
            self.steps += 1;
            return Ok(());
        }
        let (momentum, weight_decay, learning_rate) = (momentum as f32, weight_decay as f32, learning_rate as f32);
        for (((_, p), g), v) in parameters.trainable().zip(gradients).zip(&mut self.velocity) {
            let (mut g, mut weights) = (dense::like(g, p)?, p.shallow_clone());
            *v = dense::like(v, p)?;
            let pairs = dense::elements(&mut weights)?.iter_mut().zip(dense::elements(&mut g)?);
            for ((p, g), v) in pairs.zip(dense::elements(v)?) {
                *v = *v * momentum + (*g + *p * weight_decay);
                *p -= *v * learning_rate;
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// The state's tensors under `sgd.momentum_buffer.` and the parameters' names. Save [`Sgd::steps`] too.
    pub fn state<'a>(&'a self, parameters: &'a Parameters) -> Vec<(String, &'a Tensor)> {
        state::named(&self.velocity, parameters, "sgd.momentum_buffer.")
    }

    /// Takes a saved state up, whole or not at all.
    ///
    /// # Errors
    /// A missing tensor or one of another shape.
    pub fn restore(&mut self, saved: &Saved, parameters: &Parameters, steps: u64) -> Result<()> {
        self.velocity = state::read(saved, parameters, "sgd.momentum_buffer.")?;
        self.steps = steps;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_give_what_the_loop_gives() {
        for momentum in [0.9, 0.0] {
            lists_step_as_the_loop(momentum);
        }
    }

    fn lists_step_as_the_loop(momentum: f64) {
        let start = Tensor::from_slice(&[0.5f32, -2.0, 3.0, 1e-4]);
        let mut parameters = Parameters::new();
        parameters.add("p", start.copy()).unwrap();
        let settings = SgdSettings {
            momentum,
            weight_decay: 5e-4,
        };
        let mut sgd = Sgd::new(settings, &parameters).unwrap();
        let (p, v) = ([start.copy()], [start.zeros_like()]);
        for step in 0..5 {
            let g = Tensor::from_slice(&[0.1f32, -3.0, 0.0, 2.0]) * f64::from(step);
            sgd.step(&parameters, &[g.shallow_clone()], 0.1).unwrap();
            foreach::sgd(&p, &[g], &v, [0.1, momentum, 5e-4]).unwrap();
        }
        assert!(p[0].allclose(&parameters.tensors()[0].detach(), 1e-6, 0.0, false));
        assert!(v[0].allclose(&sgd.velocity[0], 1e-6, 0.0, false));
    }
}
