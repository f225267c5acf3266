//! CosFace (Wang et al. 2018, "CosFace: Large Margin Cosine Loss for Deep Face Recognition").

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    softmax::{Row, softmax_cross_entropy},
};

use crate::limits;

/// Large-margin cosine loss (Wang et al. 2018).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CosFace")]
pub struct Params {
    /// Scale s of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Margin m taken from the own class's cosine, 0 <= m < 2. The CosFace paper has 0.35, arcface_torch 0.40.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 2))]
    pub margin: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 64.0,
            margin: 0.4,
        }
    }
}

/// Softmax cross-entropy over s (cos - m) for the own class and s cos for the others.
#[derive(Clone, Debug)]
pub struct CosFace(Params);

impl Configure for CosFace {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        limits::scale(params.scale)?;
        limits::margin(params.margin, 2.0, "0.35 (CosFace paper) or 0.4 (arcface_torch)")?;
        Ok(Self(params))
    }
}

impl Loss for CosFace {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let (scale, margin) = (self.0.scale as f32, self.0.margin as f32);
        softmax_cross_entropy(input, &mut gradient, scale, ctx, |row: Row<'_>| {
            if let Some(y) = row.label {
                row.logits[y] -= margin;
            }
        })
    }
}
