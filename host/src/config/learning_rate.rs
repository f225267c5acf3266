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
            Self::Cosine { peak, warmup } if step < *warmup => peak * ramp(*warmup),
            Self::Cosine { peak, warmup } => {
                let done = (step - warmup) as f64 / steps.saturating_sub(*warmup).max(1) as f64;
                peak * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done))
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
    pub(super) fn check(&self, key: &str) -> Result<()> {
        let (Self::Cosine { peak, .. } | Self::Steps { peak, .. }) = self;
        if !(peak.is_finite() && *peak > 0.0) {
            return Err(Error::config(format!(
                "{key}.peak is {peak}, expected a positive number"
            )));
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

fn ten() -> f64 {
    10.0
}
