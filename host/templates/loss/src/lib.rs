//! Softmax on scaled cosines with a margin taken off the own class's: replace it by a loss of your own.

use ficta_core::{Configure, Ctx, Error, Loss, LossGradient, LossInput, Result, softmax::softmax_cross_entropy};

/// Parameters in the run file. The comments become the schema that users see.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MyLoss")]
pub struct Params {
    /// Scale of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f32,
    /// Margin on the cosine of the own class, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub margin: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 32.0,
            margin: 0.2,
        }
    }
}

/// See [`Params`].
pub struct MyLoss(Params);

impl Configure for MyLoss {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if !(params.scale > 0.0 && params.scale.is_finite()) {
            return Err(Error::config(format!(
                "scale: expected a number above 0, got {}",
                params.scale
            )));
        }
        if !(0.0..=1.0).contains(&params.margin) {
            return Err(Error::config(format!("margin: expected 0 to 1, got {}", params.margin)));
        }
        Ok(Self(params))
    }
}

impl Loss for MyLoss {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        // `row.logits` holds the row's cosines: turn them into logits, and write d logit / d cosine into `row.slopes` where it is not 1.
        softmax_cross_entropy(input, &mut gradient, self.0.scale, ctx, |row| {
            if let Some(own) = row.label {
                row.logits[own] -= self.0.margin;
            }
        })
    }
}

ficta_core::register_loss!(MyLoss, "my-loss", "Softmax with a margin on the cosine");
ficta_core::export_plugin!();
