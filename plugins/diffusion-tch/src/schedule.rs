//! Noise schedules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How abar_t falls from 1 to 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// abar follows cos^2((t/T + 0.008)/1.008 pi/2), each beta at most 0.999 (Nichol and Dhariwal 2021).
    #[default]
    Cosine,
    /// beta from 1e-4 to 0.02 in equal steps at T = 1000, scaled by 1000/T at others (Ho et al. 2020).
    Linear,
}

impl Schedule {
    /// abar_t for t = 0 .. `steps` - 1.
    pub fn alpha_bar(self, steps: usize) -> Vec<f64> {
        let beta = |t: usize| match self {
            Self::Cosine => 1.0 - cosine(t + 1, steps) / cosine(t, steps),
            Self::Linear => {
                let last = (steps.max(2) - 1) as f64;
                (1e-4 + (0.02 - 1e-4) * t as f64 / last) * 1000.0 / steps as f64
            }
        };
        let mut product = 1.0;
        let mut fall = |t| {
            product *= 1.0 - beta(t).min(0.999);
            product
        };
        (0..steps).map(&mut fall).collect()
    }
}

fn cosine(t: usize, steps: usize) -> f64 {
    let angle = (t as f64 / steps as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2;
    // libm's: the same bits on every machine.
    libm::cos(angle).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ficta_core::testing::cosine_alpha_bar;

    #[test]
    fn cosine_is_the_one_that_samplers_are_tested_with() {
        for steps in [1, 10, 1000] {
            let (ours, reference) = (Schedule::Cosine.alpha_bar(steps), cosine_alpha_bar(steps));
            assert!(
                ours.iter().zip(&reference).all(|(a, b)| (a - b).abs() < 1e-12),
                "{steps}"
            );
            assert_eq!(ours.len(), steps);
        }
    }

    #[test]
    fn linear_is_ho_and_others() {
        // NumPy: np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))[[0, 499, 999]].
        let ours = Schedule::Linear.alpha_bar(1000);
        for (t, expected) in [
            (0, 0.9999),
            (499, 0.078_587_242_817_585_16),
            (999, 4.035_829_765_375_694e-5),
        ] {
            assert!((ours[t] / expected - 1.0).abs() < 1e-9, "{t}: {}", ours[t]);
        }
    }

    #[test]
    fn schedules_fall_within_zero_and_one() {
        for schedule in [Schedule::Cosine, Schedule::Linear] {
            for steps in [1, 2, 25, 4000] {
                let a = schedule.alpha_bar(steps);
                assert!(
                    a.windows(2).all(|w| w[1] < w[0]) && a.iter().all(|v| *v > 0.0 && *v < 1.0),
                    "{schedule:?} {steps}"
                );
            }
        }
    }
}
