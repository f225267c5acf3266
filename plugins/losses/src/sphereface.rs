//! SphereFace (Liu et al. 2017, "SphereFace: Deep Hypersphere Embedding for Face Recognition"): the A-softmax loss.
//!
//! The own class's logit is |f| (lambda cos theta_y + psi(theta_y)) / (1 + lambda), the others' |f| cos theta_j, with
//! psi(theta) = (-1)^k cos(m theta) - 2k for m theta in [k pi, (k+1) pi]. lambda = max(lambda_min, base (1 + gamma step)^-power) fades the margin in, as in the
//! authors' Caffe layer. With `scale` the logits are scaled by a constant in place of |f|.

use std::f64::consts::PI;

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    softmax::{Row, Scale, softmax_cross_entropy},
};

use crate::{angle, limits};

/// Multiplicative angular margin, faded in over the steps (Liu et al. 2017).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "SphereFace")]
pub struct Params {
    /// Scale of the logits, above 0; null for the embedding's norm, as in the paper.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: Option<f64>,
    /// Factor m on the own class's angle, 1 to 10.
    #[schemars(range(min = 1, max = 10))]
    pub margin: f64,
    /// lambda at step 0, before the lower bound.
    #[schemars(range(min = 0))]
    pub base: f64,
    /// How fast lambda falls.
    #[schemars(range(min = 0))]
    pub gamma: f64,
    /// By which power lambda falls.
    #[schemars(range(min = 0))]
    pub power: f64,
    /// Lower bound of lambda; 0 for the full margin in the end.
    #[schemars(range(min = 0))]
    pub lambda_min: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: None,
            margin: 4.0,
            base: 1000.0,
            gamma: 0.12,
            power: 1.0,
            lambda_min: 5.0,
        }
    }
}

/// Softmax cross-entropy over |f| (lambda cos(theta) + psi(theta)) / (1 + lambda) for the own class and |f| cos(theta) for the others.
#[derive(Clone, Debug)]
pub struct SphereFace {
    params: Params,
    scale: Scale,
}

impl SphereFace {
    fn lambda(&self, step: u64) -> f64 {
        let Params {
            base,
            gamma,
            power,
            lambda_min,
            ..
        } = self.params;
        (base * libm::pow(1.0 + gamma * step as f64, -power)).max(lambda_min)
    }

    /// psi and its derivative on the cosine.
    fn psi(&self, cosine: f64) -> (f64, f64) {
        let m = self.params.margin;
        let moved = m * libm::acos(cosine);
        let k = (moved / PI).floor();
        let sign = if k % 2.0 == 0.0 { 1.0 } else { -1.0 };
        let slope = m * libm::sin(moved) / angle::sine(cosine).max(angle::MIN_SINE);
        (sign * libm::cos(moved) - 2.0 * k, sign * slope)
    }
}

impl Configure for SphereFace {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        limits::within("margin", params.margin, 1.0, 10.0, "4")?;
        limits::within("base", params.base, 0.0, 1e9, "1000")?;
        limits::within("gamma", params.gamma, 0.0, 1e9, "0.12")?;
        limits::within("power", params.power, 0.0, 1e3, "1")?;
        limits::within("lambda_min", params.lambda_min, 0.0, 1e9, "5")?;
        let scale = limits::scale_or_norm(params.scale)?;
        Ok(Self { params, scale })
    }
}

impl Loss for SphereFace {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let (this, lambda) = (&*self, self.lambda(input.step));
        softmax_cross_entropy(input, &mut gradient, this.scale, ctx, |row: Row<'_>| {
            if let Some(y) = row.label {
                let cosine = f64::from(row.logits[y]);
                let (psi, slope) = this.psi(cosine);
                row.logits[y] = ((lambda * cosine + psi) / (1.0 + lambda)) as f32;
                row.slopes[y] = ((lambda + slope) / (1.0 + lambda)) as f32;
            }
        })
    }
}
