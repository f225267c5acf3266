//! The margins of SphereFace, ArcFace and CosFace together (Deng et al. 2019, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", eq. 4).
//!
//! The gradient is the true one, unless `straight_through` is on. InsightFace's `CombinedMarginLoss` (`arcface_torch/losses.py`) has one margin at a time:
//! with m1 = 1 and m3 = 0 it computes cos(theta + m2) under `no_grad`, which is `straight_through` here; with m3 > 0 it leaves m1 and m2 out,
//! which is `cosface`.
//!
//! L = -log( e^(s (cos(m1 theta_y + m2) - m3)) / ( e^(s (cos(m1 theta_y + m2) - m3)) + sum_{j != y} e^(s cos theta_j) ) )

use ficta_core::{
    Configure, Ctx, Loss, LossGradient, LossInput, Result,
    softmax::{Row, softmax_cross_entropy},
};

use crate::{angle, limits};

/// Multiplicative, additive angular and additive cosine margin together (Deng et al. 2019, eq. 4).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CombinedMargin")]
pub struct Params {
    /// Scale s of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Factor on the own class's angle, 1 to 10 (SphereFace's margin).
    #[schemars(range(min = 1, max = 10))]
    pub m1: f64,
    /// Added to the own class's angle, in radians, 0 to 3 (ArcFace's margin).
    #[schemars(range(min = 0, max = 3))]
    pub m2: f64,
    /// Taken from the own class's cosine, 0 to 2 (CosFace's margin).
    #[schemars(range(min = 0, max = 2))]
    pub m3: f64,
    /// Other classes whose cosine exceeds this are set to cosine 0 and get no gradient, as arcface_torch does on sets in which one person has
    /// several labels; 0 for none.
    #[schemars(range(min = 0, max = 1))]
    pub interclass_filtering_threshold: f64,
    /// Pass the own class's gradient on as if the margins had slope 1, as arcface_torch does with m1 = 1 and m3 = 0 (it computes the margin outside autograd).
    /// Off: the true derivative, m1 sin(m1 theta + m2) / sin(theta).
    pub straight_through: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 64.0,
            m1: 1.0,
            m2: 0.3,
            m3: 0.2,
            interclass_filtering_threshold: 0.0,
            straight_through: false,
        }
    }
}

/// Softmax cross-entropy over s (cos(m1 theta + m2) - m3) for the own class and s cos(theta) for the others.
///
/// As in InsightFace, the cosine is taken as it is where m1 theta + m2 exceeds pi, and rises again there.
#[derive(Clone, Debug)]
pub struct CombinedMargin(Params);

impl CombinedMargin {
    /// The own class's logit before scaling, and its derivative on the cosine.
    fn target(&self, cosine: f64) -> (f64, f64) {
        let Params { m1, m2, m3, .. } = self.0;
        let (logit, slope) = if m1 == 1.0 {
            angle::shifted(cosine, libm::cos(m2), libm::sin(m2))
        } else {
            let moved = m1 * libm::acos(cosine) + m2;
            let sine = angle::sine(cosine).max(angle::MIN_SINE);
            (libm::cos(moved), m1 * libm::sin(moved) / sine)
        };
        (logit - m3, slope)
    }

    /// Takes classes that are too near out of the denominator's gradient.
    fn filter(&self, row: &mut Row<'_>) {
        let threshold = self.0.interclass_filtering_threshold as f32;
        if threshold <= 0.0 {
            return;
        }
        for (j, (logit, slope)) in row.logits.iter_mut().zip(row.slopes.iter_mut()).enumerate() {
            if *logit > threshold && row.label != Some(j) {
                (*logit, *slope) = (0.0, 0.0);
            }
        }
    }
}

impl Configure for CombinedMargin {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        limits::scale(params.scale)?;
        limits::within("m1", params.m1, 1.0, 10.0, "1")?;
        limits::within("m2", params.m2, 0.0, 3.0, "0.3")?;
        limits::within("m3", params.m3, 0.0, 2.0, "0.2")?;
        let filter = params.interclass_filtering_threshold;
        limits::within(
            "interclass_filtering_threshold",
            filter,
            0.0,
            1.0,
            "0, or 0.4 on noisy sets",
        )?;
        Ok(Self(params))
    }
}

impl Loss for CombinedMargin {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let this = &*self;
        softmax_cross_entropy(input, &mut gradient, this.0.scale as f32, ctx, |mut row: Row<'_>| {
            this.filter(&mut row);
            if let Some(y) = row.label {
                let (logit, slope) = this.target(f64::from(row.logits[y]));
                row.logits[y] = logit as f32;
                row.slopes[y] = if this.0.straight_through { 1.0 } else { slope as f32 };
            }
        })
    }
}
