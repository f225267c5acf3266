//! DDPM's ancestral sampling (Ho et al. 2020, algorithm 2; over fewer steps, Nichol and Dhariwal 2021, section 4).

use ficta_core::{Configure, Ctx, Denoiser, Error, Result, Sampler, TensorMut, TensorRef};

use crate::{
    guidance::{check_weight, questions},
    reverse::{Plan, Transition},
    schedule::Spacing,
};

/// Variance of the noise that a DDPM step adds. Both are named as in the `diffusers` library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variance {
    /// The posterior's, (1 - abar') / (1 - abar) * beta: exact where each condition has one image only.
    #[default]
    FixedSmall,
    /// beta = 1 - abar / abar': exact where the data are standard normal.
    FixedLarge,
}

/// Ancestral sampling (Ho et al. 2020).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Ddpm")]
pub struct Params {
    /// Number of time steps visited; all that the denoiser was trained with where left out.
    #[schemars(range(min = 1))]
    pub steps: Option<usize>,
    /// How they are spread over the denoiser's time steps.
    pub spacing: Spacing,
    /// Variance of the noise added at each step.
    pub variance: Variance,
    /// Weight of classifier-free guidance, at least 0. 1 is off; any other value but 0 asks the denoiser twice a step.
    #[schemars(range(min = 0))]
    pub guidance: f64,
    /// Clamp each estimate of the clean image to [-1, 1].
    pub clip: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            steps: None,
            spacing: Spacing::default(),
            variance: Variance::default(),
            guidance: 1.0,
            clip: true,
        }
    }
}

/// Draws x' from the posterior of a less noisy image given x_t and the estimate of x_0.
#[derive(Clone, Debug)]
pub struct Ddpm(Params);

impl Configure for Ddpm {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.steps == Some(0) {
            return Err(Error::config("steps: expected at least 1, got 0").help("leave it out to visit all time steps"));
        }
        check_weight(params.guidance)?;
        Ok(Self(params))
    }
}

/// Ho et al. 2020, equations 6 and 7, with alpha = abar / abar' for neighbours in the list of visited time steps.
fn transition(alpha_bar: f64, next: f64, variance: Variance) -> Transition {
    let alpha = alpha_bar / next;
    let (beta, posterior) = (1.0 - alpha, (1.0 - next) / (1.0 - alpha_bar));
    // The last step, to abar' = 1, adds no noise under either choice.
    let variance = match variance {
        Variance::FixedLarge if next < 1.0 => beta,
        _ => posterior * beta,
    };
    Transition {
        clean: next.sqrt() * beta / (1.0 - alpha_bar),
        current: alpha.sqrt() * posterior,
        noise: variance.sqrt(),
        extrapolation: 0.0,
    }
}

impl Sampler for Ddpm {
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
            variance,
            guidance,
            clip,
        } = self.0;
        let rule = |_, alpha_bar, next| transition(alpha_bar, next, variance);
        Plan {
            steps,
            spacing,
            guidance,
            clip,
            rule,
        }
        .run(denoiser, conditions, seeds, out, ctx)
    }

    fn predictions(&self, timesteps: usize) -> Option<u64> {
        Some(self.0.steps.unwrap_or(timesteps) as u64 * questions(self.0.guidance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If x_0 is known, a step must land on the forward process at abar': mean sqrt(abar') x_0, variance 1 - abar'.
    #[test]
    fn a_step_with_the_posterior_variance_keeps_the_forward_marginal() {
        for (alpha_bar, next) in [(1e-5, 0.01), (0.3, 0.5), (0.5, 0.999), (0.9, 1.0), (0.0, 0.2)] {
            let t = transition(alpha_bar, next, Variance::FixedSmall);
            let mean = t.clean + t.current * f64::sqrt(alpha_bar);
            let variance = t.current.powi(2) * (1.0 - alpha_bar) + t.noise.powi(2);
            assert!(
                (mean - f64::sqrt(next)).abs() < 1e-12 && (variance - (1.0 - next)).abs() < 1e-12,
                "{alpha_bar} {next}"
            );
        }
    }

    #[test]
    fn the_last_step_lands_on_the_estimate() {
        for variance in [Variance::FixedSmall, Variance::FixedLarge] {
            assert_eq!(
                transition(0.75, 1.0, variance),
                Transition {
                    clean: 1.0,
                    current: 0.0,
                    noise: 0.0,
                    extrapolation: 0.0,
                }
            );
        }
    }
}
