//! MagFace (Meng et al. 2021, "MagFace: A Universal Representation for Face Recognition and Quality Assessment").
//!
//! L = -log( e^(s cos(theta_y + m(a))) / ( e^(s cos(theta_y + m(a))) + sum_{j != y} e^(s cos theta_j) ) ) + lambda_g g(a)
//! with a = |f| clamped to [l_a, u_a], m(a) = l_margin + (u_margin - l_margin) (a - l_a) / (u_a - l_a) and g(a) = a / u_a^2 + 1 / a.
//!
//! The gradient flows through the norm: by the margin and by g. Where the norm is clamped it is 0, as PyTorch's `clamp` has it.

use ficta_core::{
    Configure, Ctx, Error, Loss, LossGradient, LossInput, Result,
    softmax::{Row, softmax_cross_entropy},
};

use crate::{angle, limits};

/// A margin that grows with the embedding's norm, and a pull on the norm (Meng et al. 2021).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MagFace")]
pub struct Params {
    /// Scale s of the logits, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Norms are clamped to at least this, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub l_a: f64,
    /// Norms are clamped to at most this, above `l_a`.
    pub u_a: f64,
    /// Margin at the norm `l_a`, in radians, 0 to 1.5.
    #[schemars(range(min = 0, max = 1.5))]
    pub l_margin: f64,
    /// Margin at the norm `u_a`, in radians, 0 to 1.5.
    #[schemars(range(min = 0, max = 1.5))]
    pub u_margin: f64,
    /// Weight of the regulariser g, at least 0.
    #[schemars(range(min = 0))]
    pub lambda_g: f64,
    /// On, as in the authors' training: the margin applies up to an angle of pi/2. Off: up to pi - m, and cos - m sin(m) beyond.
    pub easy_margin: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            scale: 64.0,
            l_a: 10.0,
            u_a: 110.0,
            l_margin: 0.45,
            u_margin: 0.8,
            lambda_g: 35.0,
            easy_margin: true,
        }
    }
}

/// Softmax cross-entropy over s cos(theta + m(a)) for the own class, plus lambda_g g(a).
#[derive(Clone, Debug)]
pub struct MagFace(Params);

impl MagFace {
    /// The clamped norm, and the clamp's derivative.
    fn magnitude(&self, norm: f32) -> (f64, f64) {
        let (norm, Params { l_a, u_a, .. }) = (f64::from(norm), &self.0);
        let inside = (*l_a..=*u_a).contains(&norm);
        (norm.clamp(*l_a, *u_a), f64::from(u8::from(inside)))
    }

    /// The own class's logit before scaling, and its derivatives on the cosine and on the margin.
    fn target(&self, cosine: f64, margin: f64) -> (f64, f64, f64) {
        let (cos_m, sin_m) = (libm::cos(margin), libm::sin(margin));
        let limit = if self.0.easy_margin { 0.0 } else { -cos_m };
        if cosine > limit {
            let (logit, slope) = angle::shifted(cosine, cos_m, sin_m);
            return (logit, slope, -(cosine * sin_m + angle::sine(cosine) * cos_m));
        }
        if self.0.easy_margin {
            return (cosine, 1.0, 0.0);
        }
        (cosine - sin_m * margin, 1.0, -(cos_m * margin + sin_m))
    }

    /// d m / d a.
    fn margin_slope(&self) -> f64 {
        (self.0.u_margin - self.0.l_margin) / (self.0.u_a - self.0.l_a)
    }
}

impl Configure for MagFace {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        let Params { l_a, u_a, lambda_g, .. } = params;
        limits::scale(params.scale)?;
        if !(l_a > 0.0 && u_a > l_a && u_a < 1e9) {
            return Err(
                Error::config(format!("l_a, u_a: expected 0 < l_a < u_a, got {l_a} and {u_a}"))
                    .help("usual: l_a = 10 and u_a = 110"),
            );
        }
        limits::within("l_margin", params.l_margin, 0.0, 1.5, "0.45")?;
        limits::within("u_margin", params.u_margin, 0.0, 1.5, "0.8")?;
        limits::within("lambda_g", lambda_g, 0.0, 1e9, "35")?;
        Ok(Self(params))
    }
}

impl Loss for MagFace {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let this = &*self;
        let Params {
            scale,
            l_a,
            l_margin,
            u_a,
            lambda_g,
            ..
        } = this.0;
        if let Some((row, norm)) = limits::first_bad_norm(input)? {
            return Err(limits::bad_norm(row, norm));
        }
        let margins = |row: Row<'_>| {
            if let Some(y) = row.label {
                let (a, clamp) = this.magnitude(row.norm);
                let margin = l_margin + this.margin_slope() * (a - l_a);
                let (logit, slope, by_margin) = this.target(f64::from(row.logits[y]), margin);
                (row.logits[y], row.slopes[y]) = (logit as f32, slope as f32);
                *row.norm_slope = (by_margin * this.margin_slope() * clamp) as f32;
            }
        };
        let value = softmax_cross_entropy(input, &mut gradient, scale as f32, ctx, margins)?;
        // g belongs to whoever holds the row's class, so that the parts of a split head add up to one.
        let (norms, labels) = (input.norms.as_slice::<f32>()?, input.labels.as_slice::<i64>()?);
        let batch = norms.len() as f64;
        let mut total = 0.0;
        let by_norm = gradient.norms.as_mut_slice::<f32>()?;
        for ((norm, label), by_norm) in norms.iter().zip(labels).zip(by_norm) {
            let (a, clamp) = this.magnitude(*norm);
            total += a / (u_a * u_a) + 1.0 / a;
            if *label >= 0 {
                *by_norm += (lambda_g / batch * (1.0 / (u_a * u_a) - 1.0 / (a * a)) * clamp) as f32;
            }
        }
        Ok(value + lambda_g * total / batch)
    }
}
