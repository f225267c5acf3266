//! ArcFace (Deng et al. 2019, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition").

use std::f64::consts::PI;

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    softmax::{Row, softmax_cross_entropy},
};

use crate::{angle, limits};

/// Additive angular margin loss (Deng et al. 2019).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ArcFace")]
pub struct Params {
    /// Scale s of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Margin m added to the own class's angle, in radians, 0 <= m < pi.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = std::f64::consts::PI))]
    pub margin: f64,
    /// Where the margin applies. Off: up to an angle of pi - m, and cos - m sin(m) beyond, since cos(theta + m) would rise again there. On: up to
    /// an angle of pi/2 only, and the plain cosine beyond. (arcface_torch's newer `CombinedMarginLoss` has cos(theta + m) everywhere: that is
    /// `combined-margin` with m1 = 1, m3 = 0 and `straight_through`.)
    pub easy_margin: bool,
    /// Pass the own class's gradient on as if the margin had slope 1, as arcface_torch does (it computes the margin outside autograd).
    /// Off: the true derivative, sin(theta + m) / sin(theta).
    pub straight_through: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 64.0,
            margin: 0.5,
            easy_margin: false,
            straight_through: false,
        }
    }
}

/// Softmax cross-entropy over s cos(theta + m) for the own class and s cos(theta) for the others.
#[derive(Clone, Debug)]
pub struct ArcFace {
    params: Params,
    cos_m: f64,
    sin_m: f64,
    /// Cosine of the angle up to which the margin is added.
    limit: f64,
}

impl ArcFace {
    /// The own class's logit before scaling, and its derivative on the cosine.
    fn target(&self, cosine: f64) -> (f64, f64) {
        if cosine > self.limit {
            return angle::shifted(cosine, self.cos_m, self.sin_m);
        }
        let below = if self.params.easy_margin {
            0.0
        } else {
            self.sin_m * self.params.margin
        };
        (cosine - below, 1.0)
    }
}

impl Configure for ArcFace {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        limits::scale(params.scale)?;
        limits::margin(params.margin, PI, "0.5")?;
        let margin = params.margin;
        let limit = if params.easy_margin { 0.0 } else { (PI - margin).cos() };
        Ok(Self {
            params,
            cos_m: margin.cos(),
            sin_m: margin.sin(),
            limit,
        })
    }
}

impl Loss for ArcFace {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        softmax_cross_entropy(input, &mut gradient, self.params.scale as f32, ctx, |row: Row<'_>| {
            if let Some(y) = row.label {
                let (logit, slope) = self.target(f64::from(row.logits[y]));
                row.logits[y] = logit as f32;
                row.slopes[y] = if self.params.straight_through {
                    1.0
                } else {
                    slope as f32
                };
            }
        })
    }
}
