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

    fn assert_rates(rate: &LearningRate, steps: usize, expected: &[(usize, f64)]) {
        for &(step, expected) in expected {
            let got = rate.at(step, steps);
            assert!(
                (got - expected).abs() <= 1e-12 * expected.abs(),
                "step {step} of {steps}: {got}, expected {expected}"
            );
        }
    }

    /// 0.1, warmed up over 20 steps, divided by 10 at 66.66, 106.66, 140 and 166.66 of 200 steps.
    #[test]
    fn steps_as_the_run_of_the_orl_example_has_them() {
        let file: toml::Table = toml::from_str(include_str!("../../../examples/orl/run.toml")).unwrap();
        let rate: LearningRate = file["training"]["learning_rate"].clone().try_into().unwrap();
        let steps = file["training"]["steps"].as_integer().unwrap() as usize;
        let expected = [
            (0, 0.005),
            (1, 0.01),
            (18, 0.095),
            (19, 0.1),
            (20, 0.1),
            (66, 0.1),
            (67, 0.01),
            (106, 0.01),
            (107, 0.001),
            (139, 0.001),
            (140, 1e-4),
            (166, 1e-4),
            (167, 1e-5),
            (199, 1e-5),
        ];
        assert_eq!(steps, 200);
        assert_rates(&rate, steps, &expected);
    }

    /// Epochs 10, 16, 21 and 25 of 30 at ten steps an epoch: each rate holds from the first step of the epoch after.
    #[test]
    fn milestones_are_fractions_of_the_training_in_any_order_of_their_names() {
        let milestones = [("z", 10), ("b", 16), ("y", 21), ("a", 25)];
        let rate = LearningRate::Steps {
            peak: 0.8,
            warmup: 0,
            milestones: milestones
                .map(|(name, epoch)| (name.to_owned(), f64::from(epoch) / 30.0))
                .into(),
            divisor: 2.0,
        };
        let expected = [
            (0, 0.8),
            (99, 0.8),
            (100, 0.4),
            (159, 0.4),
            (160, 0.2),
            (209, 0.2),
            (210, 0.1),
            (249, 0.1),
            (250, 0.05),
            (299, 0.05),
        ];
        assert_rates(&rate, 300, &expected);
    }

    #[test]
    fn a_half_cosine_from_the_peak_to_nothing_after_the_warm_up() {
        let rate = LearningRate::Cosine { peak: 2e-3, warmup: 50 };
        let half = std::f64::consts::FRAC_1_SQRT_2 / 2.0;
        let expected = [
            (0, 4e-5),
            (49, 2e-3),
            (50, 2e-3),
            (300, 2e-3 * (0.5 + half)),
            (550, 1e-3),
            (800, 2e-3 * (0.5 - half)),
        ];
        assert_rates(&rate, 1050, &expected);
        let last = rate.at(1049, 1050);
        assert!(last > 0.0 && last < 1e-8, "{last}");

        let at_once = LearningRate::Cosine { peak: 1.0, warmup: 0 };
        assert_rates(&at_once, 4, &[(0, 1.0), (2, 0.5)]);
        assert!(at_once.at(4, 4).abs() < 1e-15, "it ends at 0");
        assert_rates(&at_once, 1, &[(0, 1.0)]);
    }

    #[test]
    fn a_warm_up_as_long_as_the_training_never_reaches_beyond_the_peak() {
        let rate = LearningRate::Cosine { peak: 1.0, warmup: 8 };
        assert_rates(&rate, 4, &[(0, 0.125), (3, 0.5)]);
        assert_rates(&rate, 8, &[(7, 1.0)]);
    }

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
