//! Circle loss with class labels (Sun et al. 2020, "Circle Loss: A Unified Perspective of Pair Similarity Optimization").
//!
//! With s_p the cosine to the own class and s_j those to the others, the loss of one image is
//!
//! ```text
//! log(1 + sum_j exp(gamma (alpha_j (s_j - m) - alpha_p (s_p - (1 - m)))))
//! alpha_p = max(0, 1 + m - s_p),    alpha_j = max(0, s_j + m)
//! ```
//!
//! which is softmax cross-entropy over the logits gamma alpha (s - delta): all that is left to write is each logit and its slope.

use ficta_core::{
    Configure, Ctx, Error, Loss, LossGradient, LossInput, Result,
    softmax::{Row, softmax_cross_entropy},
};

/// Circle loss with class labels (Sun et al. 2020).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CircleLoss")]
pub struct Params {
    /// Scale of the logits, above 0. The paper has 256 for face recognition.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub gamma: f64,
    /// Relaxation m of the circular decision boundary, 0 < m < 1. The paper has 0.25 for face recognition.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub m: f64,
    /// Treat the weights alpha as constants in the gradient, as the paper's equation 10 and most implementations do. The gradient then is not the
    /// derivative of the value, and the check `gradient` of the conformance suite says so. Off (default): the derivative.
    pub detach_weights: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            gamma: 256.0,
            m: 0.25,
            detach_weights: false,
        }
    }
}

/// See the crate's documentation.
#[derive(Clone, Debug)]
pub struct CircleLoss {
    gamma: f32,
    m: f32,
    detach_weights: bool,
}

impl Configure for CircleLoss {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        let Params {
            gamma,
            m,
            detach_weights,
        } = params;
        if !(gamma > 0.0 && (gamma as f32).is_finite()) {
            return Err(Error::config(format!("gamma: expected a number above 0, got {gamma}")).help("256 is usual"));
        }
        if !(m > 0.0 && m < 1.0) {
            return Err(Error::config(format!("m: expected 0 < m < 1, got {m}")).help("0.25 is usual"));
        }
        Ok(Self {
            gamma: gamma as f32,
            m: m as f32,
            detach_weights,
        })
    }
}

impl CircleLoss {
    /// Logit alpha (s - delta) and its slope, for alpha = max(0, distance) with `d distance / d s` = `turn`.
    fn logit(&self, cosine: f32, delta: f32, distance: f32, turn: f32) -> (f32, f32) {
        let alpha = distance.max(0.0);
        let through_alpha = if self.detach_weights || alpha == 0.0 {
            0.0
        } else {
            turn * (cosine - delta)
        };
        (alpha * (cosine - delta), alpha + through_alpha)
    }
}

impl Loss for CircleLoss {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let (this, m) = (&*self, self.m);
        softmax_cross_entropy(input, &mut gradient, this.gamma, ctx, |row: Row<'_>| {
            let own = row
                .label
                .map(|y| (y, this.logit(row.logits[y], 1.0 - m, 1.0 + m - row.logits[y], -1.0)));
            for (logit, slope) in row.logits.iter_mut().zip(row.slopes.iter_mut()) {
                (*logit, *slope) = this.logit(*logit, m, *logit + m, 1.0);
            }
            if let Some((y, (logit, slope))) = own {
                (row.logits[y], row.slopes[y]) = (logit, slope);
            }
        })
    }
}

ficta_core::register_loss!(CircleLoss, "circle", "Circle loss with class labels (Sun et al. 2020)");
ficta_core::export_plugin!();
