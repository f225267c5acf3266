//! DDIM (Song et al. 2021, "Denoising Diffusion Implicit Models", equations 12 and 16).

use ficta_core::{Configure, Ctx, Denoiser, Error, Result, Sampler, TensorMut, TensorRef};

use crate::{
    guidance::{check_weight, questions},
    reverse::{Plan, Transition},
    schedule::Spacing,
};

/// Denoising diffusion implicit model (Song et al. 2021).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Ddim")]
pub struct Params {
    /// Number of time steps visited, at most as many as the denoiser was trained with.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// How they are spread over the denoiser's time steps.
    pub spacing: Spacing,
    /// Share of fresh noise, 0 to 1. 0: the image is a function of the starting noise. 1: ancestral sampling with the posterior's variance.
    #[schemars(range(min = 0, max = 1))]
    pub eta: f64,
    /// Weight of classifier-free guidance, at least 0. 1 is off; any other value but 0 asks the denoiser twice a step.
    #[schemars(range(min = 0))]
    pub guidance: f64,
    /// Clamp each estimate of the clean image to [-1, 1]; the noise estimate is derived from the clamped image again.
    pub clip: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            steps: 50,
            spacing: Spacing::default(),
            eta: 0.0,
            guidance: 1.0,
            clip: true,
        }
    }
}

/// Moves along the estimates of x_0 and of the noise.
#[derive(Clone, Debug)]
pub struct Ddim(Params);

impl Configure for Ddim {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.steps == 0 {
            return Err(Error::config("steps: expected at least 1, got 0").help("15 to 50 are usual"));
        }
        if !(0.0..=1.0).contains(&params.eta) {
            return Err(Error::config(format!("eta: expected 0 to 1, got {}", params.eta))
                .help("0 is deterministic, 1 adds as much noise as DDPM"));
        }
        check_weight(params.guidance)?;
        Ok(Self(params))
    }
}

/// x' = sqrt(abar') x_0 + sqrt(1 - abar' - sigma^2) eps + sigma z, with eps = (x_t - sqrt(abar) x_0) / sqrt(1 - abar).
pub(crate) fn transition(alpha_bar: f64, next: f64, eta: f64) -> Transition {
    let sigma = eta * ((1.0 - next) / (1.0 - alpha_bar) * (1.0 - alpha_bar / next)).sqrt();
    // Rounding may take the root's argument below 0 at eta = 1.
    let direction = (1.0 - next - sigma * sigma).max(0.0).sqrt() / (1.0 - alpha_bar).sqrt();
    Transition {
        clean: next.sqrt() - direction * alpha_bar.sqrt(),
        current: direction,
        noise: sigma,
        extrapolation: 0.0,
    }
}

impl Sampler for Ddim {
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let Params {
            steps,
            spacing,
            eta,
            guidance,
            clip,
        } = self.0;
        let rule = |_, alpha_bar, next| transition(alpha_bar, next, eta);
        Plan {
            steps: Some(steps),
            spacing,
            guidance,
            clip,
            rule,
        }
        .run(denoiser, conditions, seeds, out, ctx)
    }

    fn predictions(&self, _: usize) -> Option<u64> {
        Some((self.0.steps as u64).saturating_mul(questions(self.0.guidance)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If x_0 is known, a step must land on the forward process at abar' for every eta: mean sqrt(abar') x_0, variance 1 - abar'.
    #[test]
    fn a_step_keeps_the_forward_marginal() {
        for eta in [0.0, 0.3, 1.0] {
            for (alpha_bar, next) in [(1e-5, 0.01), (0.3, 0.5), (0.5, 0.999), (0.9, 1.0), (0.0, 0.2)] {
                let t = transition(alpha_bar, next, eta);
                let mean = t.clean + t.current * f64::sqrt(alpha_bar);
                let variance = t.current.powi(2) * (1.0 - alpha_bar) + t.noise.powi(2);
                assert!((mean - f64::sqrt(next)).abs() < 1e-12 && (variance - (1.0 - next)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_last_step_lands_on_the_estimate() {
        assert_eq!(
            transition(0.75, 1.0, 1.0),
            Transition {
                clean: 1.0,
                current: 0.0,
                noise: 0.0,
                extrapolation: 0.0,
            }
        );
    }
}
