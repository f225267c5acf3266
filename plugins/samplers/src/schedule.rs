//! Which time steps are visited, and what the noise schedule must fulfil.

use ficta_core::{DenoiserInfo, Error, Prediction, Result};

/// How the visited time steps are spread over 0..T, named as in the `diffusers` library (Lin et al. 2024, table 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Multiples of floor(T / steps), from 0. The last time step T - 1 is left out, so that sampling does not start from pure noise.
    Leading,
    /// round(T - i T / steps) - 1: starts at T - 1.
    #[default]
    Trailing,
    /// Evenly from T - 1 to 0, both included.
    Linspace,
}

/// The visited time steps, descending, for a schedule of `total` steps.
///
/// # Errors
/// More steps than `total`, none, or one where the spacing would then visit t = 0 alone.
pub(crate) fn time_steps(total: usize, steps: usize, spacing: Spacing) -> Result<Vec<usize>> {
    if steps == 0 || steps > total {
        return Err(Error::config(format!("steps: expected 1 to {total}, got {steps}"))
            .help(format!("the denoiser was trained with {total} time steps")));
    }
    if steps == 1 && total > 1 && spacing != Spacing::Trailing {
        return Err(Error::config(format!(
            "steps: 1 step with {spacing:?} spacing visits t = 0 alone, where nothing is left to denoise"
        ))
        .help("take more steps, or trailing spacing"));
    }
    // Ties are rounded to even, as NumPy does.
    let at = |value: f64| value.round_ties_even() as usize;
    let step = |i: usize| match spacing {
        Spacing::Leading => (steps - 1 - i) * (total / steps),
        Spacing::Trailing => at(total as f64 - i as f64 * (total as f64 / steps as f64)) - 1,
        Spacing::Linspace if steps == 1 => 0,
        Spacing::Linspace => at((steps - 1 - i) as f64 * ((total - 1) as f64 / (steps - 1) as f64)),
    };
    Ok((0..steps).map(step).collect())
}

/// Checks a denoiser's noise schedule: in [0, 1) and strictly falling, and above 0 for a prediction of the noise, which says nothing about the
/// image where abar is 0.
///
/// # Errors
/// Any other schedule.
pub(crate) fn check_alpha_bar(info: &DenoiserInfo) -> Result<()> {
    let refuse = |what: String| {
        Err(Error::data(format!("the denoiser's alpha_bar {what}")).help("this is a fault of the denoiser plugin"))
    };
    let schedule = &info.alpha_bar;
    if schedule.is_empty() {
        return refuse("is empty".into());
    }
    for (t, &value) in schedule.iter().enumerate() {
        if !(0.0..1.0).contains(&value) {
            return refuse(format!("at t = {t}: expected 0 <= alpha_bar < 1, got {value}"));
        }
        if t > 0 && value >= schedule[t - 1] {
            return refuse(format!(
                "must fall, but is {} at t = {} and {value} at t = {t}",
                schedule[t - 1],
                t - 1
            ));
        }
        if value == 0.0 && info.prediction == Prediction::EPSILON {
            return refuse(format!(
                "is 0 at t = {t}, where a prediction of the noise does not determine the image"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        total: usize,
        steps: usize,
        spacing: Spacing,
        time_steps: Vec<usize>,
    }

    /// `tests/fixtures/spacings.py` holds the definitions, in NumPy.
    #[test]
    fn equal_to_the_definitions_in_numpy() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../tests/fixtures/spacings.json")).unwrap();
        assert!(cases.len() >= 30);
        for case in cases {
            let steps = time_steps(case.total, case.steps, case.spacing).unwrap();
            assert_eq!(
                steps, case.time_steps,
                "{} of {}, {:?}",
                case.steps, case.total, case.spacing
            );
        }
    }

    #[test]
    fn written_out() {
        use Spacing::{Leading, Linspace, Trailing};
        let of = |steps, spacing| time_steps(1000, steps, spacing).unwrap();
        assert_eq!(of(10, Leading), [900, 800, 700, 600, 500, 400, 300, 200, 100, 0]);
        assert_eq!(of(10, Trailing), [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]);
        assert_eq!(of(10, Linspace), [999, 888, 777, 666, 555, 444, 333, 222, 111, 0]);
        assert_eq!(of(3, Trailing), [999, 666, 332]);
        assert_eq!(of(1, Trailing), [999]);
        for spacing in [Leading, Trailing, Linspace] {
            assert_eq!(of(1000, spacing), (0..1000).rev().collect::<Vec<_>>());
        }
    }

    #[test]
    fn always_falling_and_in_range() {
        for total in 1..40 {
            for steps in 1..=total {
                for spacing in [Spacing::Leading, Spacing::Trailing, Spacing::Linspace] {
                    if steps == 1 && total > 1 && spacing != Spacing::Trailing {
                        assert!(time_steps(total, steps, spacing).is_err());
                        continue;
                    }
                    let steps = time_steps(total, steps, spacing).unwrap();
                    assert!(
                        steps[0] < total && steps.windows(2).all(|w| w[1] < w[0]),
                        "{total} {spacing:?} {steps:?}"
                    );
                }
            }
        }
        assert!(time_steps(10, 0, Spacing::Trailing).is_err() && time_steps(10, 11, Spacing::Trailing).is_err());
    }
}
