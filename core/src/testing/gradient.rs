//! A loss's analytic gradient against finite differences of its value.

use std::fmt;

use crate::{Ctx, Loss, NullHost, Result, testing::LossBatch};

/// Step widths of the finite differences. Powers of two keep the stepped inputs exact in f32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// On cosines. Narrow it for a loss with a large scale: the error of the formula grows with (scale * step)^4.
    pub cosine: f32,
    /// On norms; `None` leaves them out, for a loss that uses the norms without differentiating through them.
    pub norm: Option<f32>,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            cosine: 1.0 / 1024.0,
            norm: Some(1.0 / 64.0),
        }
    }
}

/// One element of the gradient where the analytic and the numeric value differ most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mismatch {
    /// Row of the batch.
    pub row: usize,
    /// Class, for a gradient on a cosine; `None` for one on a norm.
    pub class: Option<usize>,
    /// What the loss gave.
    pub analytic: f64,
    /// What finite differences give.
    pub numeric: f64,
    /// |analytic - numeric| over the larger of both, or over a hundredth of the tensor's largest gradient where that is more.
    pub error: f64,
}

impl Mismatch {
    /// The one with the larger error, the first of equals.
    fn worse(self, other: Self) -> Self {
        // `total_cmp` puts NaN above every number.
        if other.error.total_cmp(&self.error).is_gt() {
            other
        } else {
            self
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            Some(class) => write!(f, "d loss / d cosine[{}, {class}]", self.row)?,
            None => write!(f, "d loss / d norm[{}]", self.row)?,
        }
        write!(
            f,
            ": analytic {:e}, numeric {:e}, relative error {:.2e}",
            self.analytic, self.numeric, self.error
        )
    }
}

/// The worst element of each gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientReport {
    /// On the cosines.
    pub cosines: Mismatch,
    /// On the norms, where they were checked.
    pub norms: Option<Mismatch>,
}

impl GradientReport {
    /// The worst element of all.
    pub fn worst(&self) -> Mismatch {
        self.norms.into_iter().fold(self.cosines, Mismatch::worse)
    }

    /// Asserts that the worst error is at most `tolerance`; 1e-3 suits a loss in f32.
    ///
    /// # Panics
    /// Where it is more, or not a number, with the worst element.
    #[track_caller]
    pub fn assert_within(&self, tolerance: f64) {
        let worst = self.worst();
        assert!(
            worst.error <= tolerance,
            "gradient off by more than {tolerance:e}: {worst}"
        );
    }
}

/// [`check_gradient_with`] the default steps.
///
/// # Errors
/// The loss's.
pub fn check_gradient(loss: &mut dyn Loss, batch: &LossBatch) -> Result<GradientReport> {
    check_gradient_with(loss, batch, Steps::default())
}

/// Compares a loss's gradient with central differences of its value, in the five-point form of fourth order:
/// (f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)) / 12h.
///
/// Inputs are first rounded to multiples of an eighth (norms) or a thousandth (cosines) of the step, so that no step is lost to rounding. A loss
/// with running statistics is put back to its state before every evaluation. Keep the batch small: the loss is evaluated 4 B (C + 1) times.
/// The batch should stay clear of kinks (clamps, switches between branches): at one, the two derivatives rightly differ.
///
/// # Errors
/// The loss's.
pub fn check_gradient_with(loss: &mut dyn Loss, batch: &LossBatch, steps: Steps) -> Result<GradientReport> {
    let mut batch = batch.clone();
    round_to(&mut batch.cosines, steps.cosine / 1024.0);
    let state = loss.save_state()?;
    let host = NullHost::default();
    let ctx = Ctx::new(&host);
    let mut evaluate = |batch: &LossBatch| {
        loss.load_state(&state)?;
        batch.evaluate(loss, &ctx)
    };
    if let Some(step) = steps.norm {
        round_to(&mut batch.norms, step / 8.0);
    }
    let analytic = evaluate(&batch)?;

    let mut numeric = Vec::with_capacity(batch.cosines.len());
    for i in 0..batch.cosines.len() {
        numeric.push(five_point(steps.cosine, |offset| {
            let mut moved = batch.clone();
            moved.cosines[i] += offset;
            Ok(evaluate(&moved)?.loss)
        })?);
    }
    let cosines = worst(&analytic.cosines, &numeric, |i| {
        (i / batch.classes, Some(i % batch.classes))
    });

    let Some(step) = steps.norm else {
        return Ok(GradientReport { cosines, norms: None });
    };
    let mut numeric = Vec::with_capacity(batch.norms.len());
    for i in 0..batch.norms.len() {
        numeric.push(five_point(step, |offset| {
            let mut moved = batch.clone();
            moved.norms[i] += offset;
            Ok(evaluate(&moved)?.loss)
        })?);
    }
    Ok(GradientReport {
        cosines,
        norms: Some(worst(&analytic.norms, &numeric, |i| (i, None))),
    })
}

fn round_to(values: &mut [f32], grain: f32) {
    for value in values {
        *value = (*value / grain).round() * grain;
    }
}

fn five_point(step: f32, mut f: impl FnMut(f32) -> Result<f64>) -> Result<f64> {
    let near = f(step)? - f(-step)?;
    let far = f(2.0 * step)? - f(-2.0 * step)?;
    Ok((8.0 * near - far) / (12.0 * f64::from(step)))
}

fn worst(analytic: &[f32], numeric: &[f64], place: impl Fn(usize) -> (usize, Option<usize>)) -> Mismatch {
    let largest = numeric.iter().fold(0f64, |m, v| m.max(v.abs()));
    // Below a hundredth of the largest element finite differences of an f32 loss are noise. The smallest positive number avoids 0/0.
    let floor = (largest / 100.0).max(f64::MIN_POSITIVE);
    let mismatch = |i: usize| {
        let (a, n) = (f64::from(analytic[i]), numeric[i]);
        let (row, class) = place(i);
        Mismatch {
            row,
            class,
            analytic: a,
            numeric: n,
            error: (a - n).abs() / a.abs().max(n.abs()).max(floor),
        }
    };
    (1..analytic.len()).map(mismatch).fold(mismatch(0), Mismatch::worse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, LossGradient, LossInput};

    /// sum(cos^3) + sum(norm^2) + calls, with an error that a test can ask for.
    #[derive(Default)]
    struct Polynomial {
        calls: u8,
        wrong_cosine: f32,
        wrong_norm: f32,
    }

    impl Loss for Polynomial {
        fn evaluate(&mut self, input: &LossInput<'_>, mut out: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
            self.calls += 1;
            let (c, n) = (input.cosines.as_slice::<f32>()?, input.norms.as_slice::<f32>()?);
            for (i, (g, c)) in out.cosines.as_mut_slice::<f32>()?.iter_mut().zip(c).enumerate() {
                *g = 3.0 * c * c + if i == 4 { self.wrong_cosine } else { 0.0 };
            }
            for (g, n) in out.norms.as_mut_slice::<f32>()?.iter_mut().zip(n) {
                *g = 2.0 * n + self.wrong_norm;
            }
            let cubes: f64 = c.iter().map(|c| f64::from(*c).powi(3)).sum();
            Ok(cubes + n.iter().map(|n| f64::from(*n).powi(2)).sum::<f64>() + f64::from(self.calls))
        }
        fn save_state(&self) -> Result<Vec<u8>> {
            Ok(vec![self.calls])
        }
        fn load_state(&mut self, state: &[u8]) -> Result<()> {
            self.calls = *state.first().ok_or_else(|| Error::data("no state"))?;
            Ok(())
        }
    }

    #[test]
    fn a_right_gradient_passes_and_state_is_put_back() {
        let report = check_gradient(&mut Polynomial::default(), &LossBatch::random(2, 3, 1)).unwrap();
        report.assert_within(1e-6);
    }

    #[test]
    fn a_wrong_element_is_named() {
        let mut loss = Polynomial {
            wrong_cosine: 0.5,
            ..Polynomial::default()
        };
        let report = check_gradient(&mut loss, &LossBatch::random(2, 3, 1)).unwrap();
        let worst = report.worst();
        assert_eq!((worst.row, worst.class), (1, Some(1)), "{worst}");
        assert!(worst.error > 0.1 && report.norms.unwrap().error < 1e-6, "{worst}");
    }

    #[test]
    fn norms_are_checked_unless_left_out() {
        let mut loss = Polynomial {
            wrong_norm: 9.0,
            ..Polynomial::default()
        };
        let batch = LossBatch::random(2, 3, 1);
        assert_eq!(check_gradient(&mut loss, &batch).unwrap().worst().class, None);
        let steps = Steps {
            norm: None,
            ..Steps::default()
        };
        check_gradient_with(&mut loss, &batch, steps)
            .unwrap()
            .assert_within(1e-6);
    }

    #[test]
    #[should_panic(expected = "gradient off by more than 1e-3: d loss / d cosine[1, 1]: analytic NaN")]
    fn a_gradient_that_is_not_a_number_fails() {
        let mut loss = Polynomial {
            wrong_cosine: f32::NAN,
            ..Polynomial::default()
        };
        check_gradient(&mut loss, &LossBatch::random(2, 3, 1))
            .unwrap()
            .assert_within(1e-3);
    }
}
