//! Softmax on scaled cosines without a margin: NormFace (Wang et al. 2017, "NormFace: L2 Hypersphere Embedding for Face Verification").
//!
//! L = -log( e^(s cos theta_y) / sum_j e^(s cos theta_j) )

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    softmax::{Scale, softmax_cross_entropy},
};

use crate::limits;

/// Softmax cross-entropy without a margin (Wang et al. 2017).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Softmax")]
pub struct Params {
    /// Scale s of the logits, above 0; null for the embedding's norm, as in a softmax over features that are not normalised (the class centres
    /// still are).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: Option<f64>,
}

impl Default for Params {
    fn default() -> Self {
        Self { scale: Some(64.0) }
    }
}

/// Softmax cross-entropy over s cos(theta).
#[derive(Clone, Debug)]
pub struct Softmax {
    scale: Scale,
}

impl Configure for Softmax {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            scale: limits::scale_or_norm(params.scale)?,
        })
    }
}

impl Loss for Softmax {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        softmax_cross_entropy(input, &mut gradient, self.scale, ctx, |_row| {})
    }
}
