//! DPM-Solver++, multistep (Lu et al. 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models", algorithm 2, "2M").
//!
//! With alpha = sqrt(abar), sigma = sqrt(1 - abar) and lambda = log(alpha / sigma), and h = lambda' - lambda > 0 from a time step to the next,
//! a move is
//!
//! x' = (sigma' / sigma) x - alpha' (exp(-h) - 1) D,
//!
//! which solves the probability-flow ODE exactly for a constant estimate D of x_0. Of order 1, D is the estimate here. Of order 2 it is
//! extrapolated by half a move from the estimate D_before at the time step visited before, at lambda - h_before:
//!
//! D = (1 + 1 / (2 r)) D_here - 1 / (2 r) D_before, r = h_before / h.
//!
//! Two moves are of order 1 in either case: the first, which has no estimate before it, and the last, to abar' = 1, where h is infinite: it lands on
//! the estimate. So does `DPMSolverMultistepScheduler` of the `diffusers` library with `solver_type` "midpoint" and `final_sigmas_type` "zero", for
//! any number of steps. Where abar is 0 at the start (zero terminal SNR), h_before of the second move is infinite and its 1 / r is 0.

use ficta_core::{Configure, Ctx, Denoiser, Error, Result, Sampler, TensorMut, TensorRef};

use crate::{
    ddim,
    guidance::{check_weight, questions},
    reverse::{Plan, Transition},
    schedule::Spacing,
};

/// DPM-Solver++, multistep (Lu et al. 2022).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "DpmSolverPp")]
pub struct Params {
    /// Number of time steps visited, at most as many as the denoiser was trained with.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// 2: each move but the first and the last uses the estimate before, too. 1: the same as `ddim` with eta = 0.
    #[schemars(range(min = 1, max = 2))]
    pub order: usize,
    /// How the time steps are spread over the denoiser's.
    pub spacing: Spacing,
    /// Weight of classifier-free guidance, at least 0. 1 is off; any other value but 0 asks the denoiser twice a step.
    #[schemars(range(min = 0))]
    pub guidance: f64,
    /// Clamp each estimate of the clean image to [-1, 1], before it is extrapolated.
    pub clip: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            steps: 20,
            order: 2,
            spacing: Spacing::default(),
            guidance: 1.0,
            clip: true,
        }
    }
}

/// Solves the probability-flow ODE in lambda, with the estimates of x_0 at two time steps.
#[derive(Clone, Debug)]
pub struct DpmSolverPp(Params);

impl Configure for DpmSolverPp {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.steps == 0 {
            return Err(Error::config("steps: expected at least 1, got 0").help("10 to 25 are usual"));
        }
        if !(1..=2).contains(&params.order) {
            return Err(Error::config(format!("order: expected 1 or 2, got {}", params.order))
                .help("2 is usual; 1 is the same as DDIM"));
        }
        check_weight(params.guidance)?;
        Ok(Self(params))
    }
}

/// log(alpha / sigma), from -infinity at abar = 0 to infinity at abar = 1.
fn lambda(alpha_bar: f64) -> f64 {
    // Not `f64::ln`, whose last bits depend on the machine.
    0.5 * libm::log(alpha_bar / (1.0 - alpha_bar))
}

/// As exp(-h) = (alpha sigma') / (sigma alpha'), the weight -alpha' (exp(-h) - 1) is alpha' - (sigma' / sigma) alpha, which is DDIM's at eta = 0.
fn transition(before: Option<f64>, alpha_bar: f64, next: f64, order: usize) -> Transition {
    let extrapolation = match before {
        Some(before) if order == 2 && next < 1.0 => {
            let h = lambda(next) - lambda(alpha_bar);
            h / (2.0 * (lambda(alpha_bar) - lambda(before)))
        }
        _ => 0.0,
    };
    // Time steps so near that their lambdas round to one number tell no slope.
    let extrapolation = if extrapolation.is_finite() { extrapolation } else { 0.0 };
    Transition {
        extrapolation,
        ..ddim::transition(alpha_bar, next, 0.0)
    }
}

impl Sampler for DpmSolverPp {
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
            order,
            spacing,
            guidance,
            clip,
        } = self.0;
        let rule = |before, alpha_bar, next| transition(before, alpha_bar, next, order);
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

    /// As the paper writes it, with logarithms and exponentials.
    #[test]
    fn equal_to_the_papers_formulas() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        for (before, now, next) in [
            (1e-5, 0.01, 0.02),
            (0.01, 0.3, 0.5),
            (0.3, 0.5, 0.999),
            (0.1, 0.11, 0.9),
        ] {
            let [(_, _, l0), (_, s1, l1), (a2, s2, l2)] = [before, now, next].map(|abar: f64| {
                let (alpha, sigma) = (abar.sqrt(), (1.0 - abar).sqrt());
                (alpha, sigma, alpha.ln() - sigma.ln())
            });
            let (h, r) = (l2 - l1, (l1 - l0) / (l2 - l1));
            let t = transition(Some(before), now, next, 2);
            assert!(near(t.current, s2 / s1), "{t:?}");
            assert!(near(t.clean, -a2 * ((-h).exp() - 1.0)), "{t:?}");
            assert!(near(t.extrapolation, 1.0 / (2.0 * r)), "{t:?}");
            assert_eq!(t.noise, 0.0);
            assert_eq!(transition(Some(before), now, next, 1).extrapolation, 0.0);
        }
    }

    #[test]
    fn time_steps_that_round_to_one_lambda_are_not_extrapolated() {
        let now = 1e-4;
        let before = f64::from_bits(f64::to_bits(now) - 1);
        assert_eq!(lambda(now), lambda(before));
        assert_eq!(transition(Some(before), now, 0.1, 2), transition(None, now, 0.1, 2));
    }

    #[test]
    fn moves_from_and_to_infinite_lambda_are_of_order_one() {
        let lands = Transition {
            clean: 1.0,
            current: 0.0,
            noise: 0.0,
            extrapolation: 0.0,
        };
        assert_eq!(transition(Some(0.5), 0.75, 1.0, 2), lands);
        assert_eq!(transition(Some(0.0), 0.75, 1.0, 2), lands);
        assert_eq!(transition(None, 0.0, 1.0, 2), lands);
        // From abar = 0 the noise is x itself.
        let first = transition(None, 0.0, 0.36, 2);
        assert_eq!((first.clean, first.current, first.extrapolation), (0.6, 0.8, 0.0));
        assert_eq!(transition(Some(0.0), 0.36, 0.75, 2), transition(None, 0.36, 0.75, 2));
    }
}
