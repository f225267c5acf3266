//! CurricularFace (Huang et al. 2020, "CurricularFace: Adaptive Curriculum Learning Loss for Deep Face Recognition").
//!
//! The own class's logit is s cos(theta_y + m) (cos - m sin(m) beyond an angle of pi - m). Another class is hard where cos theta_j > cos(theta_y + m); its logit
//! is then s cos theta_j (t + cos theta_j). t is a running average of the batch's mean own cosine, moved before the batch is judged, and no gradient flows
//! through it.
//!
//! `t_alpha` is the weight of the newest batch: t = t_alpha r + (1 - t_alpha) t. The paper's equation (10) has that form with 0.99 and calls it a momentum; the
//! authors' code has `target_logit.mean() * 0.01 + (1 - 0.01) * self.t` (github.com/HuangYG123/CurricularFace, `head/metrics.py`, class `CurricularFace`,
//! commit d3802651), as have its ports in TFace and elsewhere. The published results are the code's, and only 0.01 is an average over many batches: the default
//! is the code's.

use std::f64::consts::PI;

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, ReduceOp, Result, TensorMut,
    softmax::{Row, softmax_cross_entropy},
};

use crate::{angle, limits, state};

/// An additive angular margin, with hard classes weighted more as the training proceeds (Huang et al. 2020).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(
    rename = "CurricularFace",
    extend("x-departs" = {"gradient": "t moves with the batch, but no gradient flows through it, as in the paper"})
)]
pub struct Params {
    /// Scale s of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Margin m added to the own class's angle, in radians, 0 <= m < pi.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = std::f64::consts::PI))]
    pub margin: f64,
    /// Weight of the newest batch in the running average t, 0 to 1; 0.01 in the authors' code.
    #[schemars(range(min = 0, max = 1))]
    pub t_alpha: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 64.0,
            margin: 0.5,
            t_alpha: 0.01,
        }
    }
}

/// Softmax cross-entropy over s cos(theta + m) for the own class and s cos(theta) (t + cos(theta)) for hard other ones.
#[derive(Clone, Debug)]
pub struct CurricularFace {
    params: Params,
    cos_m: f64,
    sin_m: f64,
    t: f64,
}

impl CurricularFace {
    /// The own cosine of each row, whichever process holds it.
    fn own(input: &LossInput<'_>, ctx: &Ctx<'_>) -> Result<Vec<f64>> {
        let [_, classes] = input.cosines.dims("cosines")?;
        let (cosines, labels) = (input.cosines.as_slice::<f32>()?, input.labels.as_slice::<i64>()?);
        // Labels out of range are the softmax's to refuse.
        let own = |(row, label): (usize, &i64)| {
            let y = usize::try_from(*label).ok().filter(|y| *y < classes);
            let cosine = y.and_then(|y| cosines.get(row * classes + y));
            cosine.map_or(0.0, |c| f64::from(c.clamp(-1.0, 1.0)))
        };
        let mut own: Vec<f64> = labels.iter().enumerate().map(own).collect();
        if ctx.world_size() > 1 {
            let rows = own.len();
            ctx.all_reduce(TensorMut::new(&mut own, &[rows])?, ReduceOp::SUM)?;
        }
        Ok(own)
    }

    /// Applies margin and curriculum to a row.
    fn apply(&self, row: Row<'_>, cosine: f64, t: f32) {
        let (moved, moved_slope) = angle::shifted(cosine, self.cos_m, self.sin_m);
        let threshold = moved as f32;
        for (logit, slope) in row.logits.iter_mut().zip(row.slopes.iter_mut()) {
            let hard = *logit > threshold;
            *slope = if hard { t + 2.0 * *logit } else { 1.0 };
            *logit *= if hard { t + *logit } else { 1.0 };
        }
        let (logit, slope) = if cosine > -self.cos_m {
            (moved, moved_slope)
        } else {
            (cosine - self.sin_m * self.params.margin, 1.0)
        };
        if let Some(y) = row.label {
            (row.logits[y], row.slopes[y]) = (logit as f32, slope as f32);
        }
    }
}

impl Configure for CurricularFace {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        limits::scale(params.scale)?;
        limits::margin(params.margin, PI, "0.5")?;
        limits::within("t_alpha", params.t_alpha, 0.0, 1.0, "0.01")?;
        let (cos_m, sin_m) = (libm::cos(params.margin), libm::sin(params.margin));
        Ok(Self {
            params,
            cos_m,
            sin_m,
            t: 0.0,
        })
    }
}

impl Loss for CurricularFace {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let own = Self::own(input, ctx)?;
        let (this, alpha) = (&*self, self.params.t_alpha);
        let t = alpha * own.iter().sum::<f64>() / own.len().max(1) as f64 + (1.0 - alpha) * self.t;
        let value = softmax_cross_entropy(input, &mut gradient, this.params.scale as f32, ctx, |row| {
            let cosine = own[row.index];
            this.apply(row, cosine, t as f32)
        })?;
        self.t = t;
        Ok(value)
    }

    fn save_state(&self) -> Result<Vec<u8>> {
        Ok(state::write(&[self.t]))
    }

    fn load_state(&mut self, bytes: &[u8]) -> Result<()> {
        [self.t] = state::read("curricularface", bytes)?;
        Ok(())
    }
}
