//! What a denoiser's output says about the clean image and the noise.
//!
//! With x_t = a x_0 + b eps, a^2 = abar_t, b^2 = 1 - abar_t and v = a eps - b x_0 (Salimans and Ho 2022).

use ficta_core::{Error, Prediction, Result};

/// The conversions at one time step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversion {
    /// a.
    signal: f64,
    /// b.
    noise: f64,
    kind: Prediction,
}

impl Conversion {
    /// At `alpha_bar`, for outputs of this kind.
    ///
    /// # Errors
    /// A kind that this version does not know.
    pub(crate) fn new(kind: Prediction, alpha_bar: f64) -> Result<Self> {
        if ![Prediction::V, Prediction::EPSILON, Prediction::SAMPLE].contains(&kind) {
            return Err(Error::unsupported(format!(
                "the denoiser predicts {kind:?}, which these samplers do not know"
            ))
            .help("use a newer version of the samplers plugin"));
        }
        Ok(Self {
            signal: alpha_bar.sqrt(),
            noise: (1.0 - alpha_bar).sqrt(),
            kind,
        })
    }

    /// The estimate of x_0 in `output`, given x_t.
    pub(crate) fn clean(&self, x_t: f64, output: f64) -> f64 {
        match self.kind {
            Prediction::EPSILON => (x_t - self.noise * output) / self.signal,
            Prediction::SAMPLE => output,
            _ => self.signal * x_t - self.noise * output,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// All three outputs that describe the same (x_0, eps) give back the same x_0.
        #[test]
        fn the_three_predictions_agree(clean in -3.0f64..3.0, noise in -4.0f64..4.0, alpha_bar in 1e-6f64..0.999_999) {
            let (a, b) = (alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt());
            let x_t = a * clean + b * noise;
            for (kind, output) in [
                (Prediction::V, a * noise - b * clean),
                (Prediction::EPSILON, noise),
                (Prediction::SAMPLE, clean),
            ] {
                let estimate = Conversion::new(kind, alpha_bar).unwrap().clean(x_t, output);
                prop_assert!((estimate - clean).abs() < 1e-9, "{kind:?}: {estimate} against {clean}");
            }
        }

        /// Guidance mixes outputs: the estimate of a mixture is the mixture of the estimates, whatever is predicted.
        #[test]
        fn estimates_are_affine_in_the_output(
            x_t in -3.0f64..3.0, p in -3.0f64..3.0, q in -3.0f64..3.0, w in 0.0f64..8.0, alpha_bar in 1e-3f64..0.999,
        ) {
            for kind in [Prediction::V, Prediction::EPSILON, Prediction::SAMPLE] {
                let c = Conversion::new(kind, alpha_bar).unwrap();
                let (mixed, parts) = (c.clean(x_t, p + w * (q - p)), (c.clean(x_t, p), c.clean(x_t, q)));
                prop_assert!((mixed - (parts.0 + w * (parts.1 - parts.0))).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn v_and_sample_are_defined_at_pure_noise() {
        assert_eq!(Conversion::new(Prediction::V, 0.0).unwrap().clean(0.7, -0.25), 0.25);
        assert_eq!(Conversion::new(Prediction::SAMPLE, 0.0).unwrap().clean(0.7, 0.25), 0.25);
    }
}
