//! Learning rates over the steps of a training.

use std::collections::BTreeMap;

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A learning rate over the steps of a training.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "schedule")]
pub enum LearningRate {
    /// Linear warm-up, then a half cosine to 0.
    Cosine {
        /// Highest value.
        peak: f64,
        /// Steps of warm-up.
        #[serde(default)]
        warmup: usize,
    },
    /// Linear warm-up, then down to 0 as a power of what is left: arcface_torch's `PolynomialLRWarmup`, which has power 2. (Its very first step takes the
    /// peak, before the warm-up begins; here the warm-up begins with the first step.)
    Poly {
        /// Highest value.
        peak: f64,
        /// Steps of warm-up.
        #[serde(default)]
        warmup: usize,
        /// The power.
        #[serde(default = "two")]
        power: f64,
    },
    /// Linear warm-up, then constant, then divided by `divisor` at each milestone.
    Steps {
        /// Highest value.
        peak: f64,
        /// Steps of warm-up.
        #[serde(default)]
        warmup: usize,
        /// Fractions of the training, by name (10/30, 16/30, 21/30 and 25/30 in the paper's recipe).
        milestones: BTreeMap<String, f64>,
        /// What the rate is divided by.
        #[serde(default = "ten")]
        divisor: f64,
    },
}

impl LearningRate {
    /// The rate of step `step` of `steps`, from 0.
    pub fn at(&self, step: usize, steps: usize) -> f64 {
        let ramp = |warmup: usize| {
            if step < warmup {
                (step + 1) as f64 / warmup as f64
            } else {
                1.0
            }
        };
        match self {
            Self::Cosine { peak, warmup } | Self::Poly { peak, warmup, .. } if step < *warmup => peak * ramp(*warmup),
            Self::Cosine { peak, warmup } => {
                let done = (step - warmup) as f64 / steps.saturating_sub(*warmup).max(1) as f64;
                peak * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done))
            }
            Self::Poly { peak, warmup, power } => {
                let left = steps.saturating_sub(step) as f64 / steps.saturating_sub(*warmup).max(1) as f64;
                peak * libm::pow(left, *power)
            }
            Self::Steps {
                peak,
                warmup,
                milestones,
                divisor,
            } => {
                let passed = milestones
                    .values()
                    .filter(|m| step as f64 >= **m * steps as f64)
                    .count();
                peak * ramp(*warmup) / divisor.powi(passed as i32)
            }
        }
    }

    /// Checks the ranges of what stands under `key`.
    pub(crate) fn check(&self, key: &str) -> Result<()> {
        let peak = self.peak();
        if !(peak.is_finite() && peak > 0.0) {
            return Err(Error::config(format!(
                "{key}.peak is {peak}, expected a positive number"
            )));
        }
        if let Self::Poly { power, .. } = self
            && !(power.is_finite() && *power >= 0.0)
        {
            return Err(Error::config(format!("{key}.power is {power}, expected at least 0")));
        }
        if let Self::Steps {
            milestones, divisor, ..
        } = self
        {
            if let Some((name, m)) = milestones.iter().find(|(_, m)| !(0.0..=1.0).contains(*m)) {
                return Err(Error::config(format!(
                    "{key}.milestones.{name} is {m}, expected a fraction in 0..1"
                )));
            }
            if !(divisor.is_finite() && *divisor >= 1.0) {
                return Err(Error::config(format!(
                    "{key}.divisor is {divisor}, expected at least 1"
                )));
            }
        }
        Ok(())
    }
}

fn two() -> f64 {
    2.0
}

fn ten() -> f64 {
    10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed form of arcface_torch's `PolynomialLRWarmup` (base 10, 100 of 1000 steps of warm-up, power 2), at its steps 1, 50, 100, 101, 550 and 999.
    #[test]
    fn poly_is_arcface_torchs() {
        let rate = LearningRate::Poly {
            peak: 10.0,
            warmup: 100,
            power: 2.0,
        };
        for (theirs, expected) in [
            (1, 0.1),
            (50, 5.0),
            (100, 10.0),
            (101, 10.0 * (899.0f64 / 900.0).powi(2)),
            (550, 2.5),
            (999, 10.0 * (1.0f64 / 900.0).powi(2)),
        ] {
            // Its warm-up counts from 1 where ours counts from 0; behind it, both count alike.
            let ours = if theirs <= 100 { theirs - 1 } else { theirs };
            assert!((rate.at(ours, 1000) - expected).abs() < 1e-9, "step {theirs}");
        }
        assert_eq!(rate.at(100, 1000), 10.0);
    }
}
