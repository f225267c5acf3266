//! AdamW (Loshchilov and Hutter 2019).

use ficta_core::Result;
use tch::Tensor;

use super::state;
use crate::{OrBackend, Parameters, Saved, TchResult, dense};

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
        let steps = (self.steps + 1) as f64;
        let step_size = (learning_rate / (1.0 - beta1.powf(steps))) as f32;
        let root = (1.0 - beta2.powf(steps)).sqrt() as f32;
        let keep = (1.0 - learning_rate * weight_decay) as f32;
        let (new1, keep2, new2, eps) = ((1.0 - beta1) as f32, beta2 as f32, (1.0 - beta2) as f32, eps as f32);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for (((_, p), g), (mean, square)) in parameters.trainable().zip(gradients).zip(moments) {
            let (mut g, mut weights) = (dense::like(g, p)?, p.shallow_clone());
            (*mean, *square) = (dense::like(mean, p)?, dense::like(square, p)?);
            let moments = dense::elements(mean)?.iter_mut().zip(dense::elements(square)?);
            let pairs = dense::elements(&mut weights)?.iter_mut().zip(dense::elements(&mut g)?);
            for ((p, g), (mean, square)) in pairs.zip(moments) {
                *mean += (*g - *mean) * new1;
                *square = *square * keep2 + *g * *g * new2;
                *p = *p * keep - *mean / (square.sqrt() / root + eps) * step_size;
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
