//! A loss that does nothing: what is left of a call is the boundary.

use ficta_core::{Configure, Ctx, Loss, LossGradient, LossInput, Result};

/// None.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Gives its first norm.
pub struct Null;

impl Configure for Null {
    type Params = NoParams;
    fn configure(_: NoParams) -> Result<Self> {
        Ok(Self)
    }
}

impl Loss for Null {
    fn evaluate(&mut self, input: &LossInput<'_>, _: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        let norms = input.norms.as_slice::<f32>()?;
        Ok(f64::from(norms[0]))
    }
}

ficta_core::register_loss!(Null, "null", "Does nothing");
ficta_core::export_plugin!();
