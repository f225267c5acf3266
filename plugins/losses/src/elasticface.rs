//! ElasticFace (Boutros et al. 2022, "ElasticFace: Elastic Margin Loss for Deep Face Recognition"): a margin drawn anew for each sample.
//!
//! ElasticFace-Arc: the own class's logit is s cos(theta_y + m_i); ElasticFace-Cos: s (cos theta_y - m_i); m_i ~ N(m, deviation).

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    random::Stream,
    softmax::{Row, softmax_cross_entropy},
};

use crate::{angle, limits};

macro_rules! elastic {
    ($(#[$doc:meta])* $name:ident, $params:ident, $title:literal, $margin:literal, $unit:literal, |$cosine:ident, $m:ident| $logit:expr) => {
        #[doc = concat!("Parameters: ", $title, " (Boutros et al. 2022).")]
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        #[schemars(rename = $title)]
        pub struct $params {
            /// Scale s of the logits, above 0.
            #[schemars(extend("exclusiveMinimum" = 0))]
            pub scale: f64,
            #[doc = concat!("Mean of the margins, in ", $unit, ", 0 to 1.")]
            #[schemars(range(min = 0, max = 1))]
            pub margin: f64,
            /// Standard deviation of the margins, 0 to 0.5.
            #[schemars(range(min = 0, max = 0.5))]
            pub deviation: f64,
        }

        impl Default for $params {
            fn default() -> Self {
                Self {
                    scale: 64.0,
                    margin: $margin,
                    deviation: 0.0125,
                }
            }
        }

        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name($params);

        impl Configure for $name {
            type Params = $params;

            fn configure(params: $params) -> Result<Self> {
                limits::scale(params.scale)?;
                limits::within("margin", params.margin, 0.0, 1.0, stringify!($margin))?;
                limits::within("deviation", params.deviation, 0.0, 0.5, "0.0125")?;
                Ok(Self(params))
            }
        }

        impl Loss for $name {
            fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
                let $params { scale, margin, deviation } = self.0;
                let (seed, step) = (ctx.seed(), input.step);
                softmax_cross_entropy(input, &mut gradient, scale as f32, ctx, |row: Row<'_>| {
                    if let Some(y) = row.label {
                        let $m = margin + deviation * draw(seed, step, row.index);
                        let $cosine = f64::from(row.logits[y]);
                        let (logit, slope) = $logit;
                        (row.logits[y], row.slopes[y]) = (logit as f32, slope as f32);
                    }
                })
            }
        }
    };
}

elastic!(
    /// Softmax cross-entropy over s cos(theta + m_i) for the own class. As in the authors' code, the cosine is taken as it is beyond an angle of pi.
    ElasticArcFace, ElasticArcFaceParams, "ElasticFace-Arc", 0.5, "radians",
    |cosine, m| angle::shifted(cosine, libm::cos(m), libm::sin(m))
);
elastic!(
    /// Softmax cross-entropy over s (cos(theta) - m_i) for the own class.
    ElasticCosFace, ElasticCosFaceParams, "ElasticFace-Cos", 0.35, "cosine",
    |cosine, m| (cosine - m, 1.0)
);

/// The standard normal of a step's row. It depends on the run's seed, the step and the row alone, so that a resumed training draws the same.
fn draw(seed: u64, step: u64, row: usize) -> f64 {
    Stream::new(seed, "losses/elasticface", step, row as u64)
        .normal_pair()
        .0
}
