//! AdaFace (Kim et al. 2022, "AdaFace: Quality Adaptive Margin for Face Recognition").
//!
//! The own class's logit is s (cos(theta_y - m z) - (m + m z)) with z = clip(h (|f| - mu) / (sd + 1e-3), -1, 1), where mu and sd are running averages of the
//! mean and the (unbiased) deviation of the norms, which are clipped to [0.001, 100]. As in the authors' code: cosines are clamped to
//! [-1 + 1e-3, 1 - 1e-3] and the moved angle to [1e-3, pi - 1e-3], with gradient 0 beyond; no gradient flows through the norms.

use std::f64::consts::PI;

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    softmax::{Row, softmax_cross_entropy},
};

use crate::{angle, limits, state};

/// A margin that follows image quality, as told by the embedding's norm (Kim et al. 2022).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "AdaFace")]
pub struct Params {
    /// Scale s of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Margin m, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub margin: f64,
    /// Concentration h: how much of the norms' spread changes the margin, 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub h: f64,
    /// Weight of a batch in the running mean and deviation of the norms, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub t_alpha: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 64.0,
            margin: 0.4,
            h: 0.333,
            t_alpha: 0.01,
        }
    }
}

const EPS: f64 = 1e-3;

/// Running statistics of the norms.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Norms {
    mean: f64,
    deviation: f64,
}

/// Softmax cross-entropy with a margin by the embedding's norm.
#[derive(Clone, Debug)]
pub struct AdaFace {
    params: Params,
    norms: Norms,
}

fn safe(norm: f32) -> f64 {
    f64::from(norm).clamp(0.001, 100.0)
}

impl AdaFace {
    /// The statistics after a batch. One norm alone has no deviation: only the mean moves then.
    fn moved(&self, norms: &[f32]) -> Norms {
        let (n, alpha) = (norms.len() as f64, self.params.t_alpha);
        let mean = norms.iter().map(|x| safe(*x)).sum::<f64>() / n;
        let squares: f64 = norms.iter().map(|x| (safe(*x) - mean).powi(2)).sum();
        let deviation = if norms.len() > 1 {
            (squares / (n - 1.0)).sqrt()
        } else {
            self.norms.deviation
        };
        Norms {
            mean: alpha * mean + (1.0 - alpha) * self.norms.mean,
            deviation: alpha * deviation + (1.0 - alpha) * self.norms.deviation,
        }
    }

    /// Applies the margin to a row.
    fn apply(&self, row: Row<'_>, norms: Norms) {
        let (low, high) = ((-1.0 + EPS) as f32, (1.0 - EPS) as f32);
        for (logit, slope) in row.logits.iter_mut().zip(row.slopes.iter_mut()) {
            let inside = (low..=high).contains(logit);
            *slope = if inside { 1.0 } else { 0.0 };
            *logit = logit.clamp(low, high);
        }
        let Some(y) = row.label else { return };
        let Params { margin, h, .. } = self.params;
        let z = ((safe(row.norm) - norms.mean) / (norms.deviation + EPS) * h).clamp(-1.0, 1.0);
        let cosine = f64::from(row.logits[y]);
        let moved = libm::acos(cosine) - margin * z;
        let held = moved.clamp(EPS, PI - EPS);
        let slope = if held == moved {
            libm::sin(moved) / angle::sine(cosine).max(angle::MIN_SINE)
        } else {
            0.0
        };
        row.logits[y] = (libm::cos(held) - (margin + margin * z)) as f32;
        row.slopes[y] *= slope as f32;
    }
}

impl Configure for AdaFace {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        limits::scale(params.scale)?;
        limits::within("margin", params.margin, 0.0, 1.0, "0.4")?;
        limits::within("h", params.h, 0.0, 100.0, "0.333")?;
        limits::within("t_alpha", params.t_alpha, 0.0, 1.0, "0.01")?;
        let norms = Norms {
            mean: 20.0,
            deviation: 100.0,
        };
        Ok(Self { params, norms })
    }
}

impl Loss for AdaFace {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        if let Some((row, norm)) = limits::first_bad_norm(input)? {
            return Err(limits::bad_norm(row, norm));
        }
        let (this, norms) = (&*self, self.moved(input.norms.as_slice::<f32>()?));
        let value = softmax_cross_entropy(input, &mut gradient, this.params.scale as f32, ctx, |row| {
            this.apply(row, norms)
        })?;
        self.norms = norms;
        Ok(value)
    }

    fn save_state(&self) -> Result<Vec<u8>> {
        Ok(state::write(&[self.norms.mean, self.norms.deviation]))
    }

    fn load_state(&mut self, bytes: &[u8]) -> Result<()> {
        let [mean, deviation] = state::read("adaface", bytes)?;
        self.norms = Norms { mean, deviation };
        Ok(())
    }
}
