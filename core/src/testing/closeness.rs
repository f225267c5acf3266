//! Comparison of numbers within a tolerance.

use std::fmt::Write;

/// How many differing elements a message lists.
const LISTED: usize = 5;

/// Where `actual` differs from `expected` by more than `atol + rtol * |expected|`: the count and the first five; `None` where nothing does.
///
/// NaN differs from everything. An infinity equals itself only.
pub fn differences<T: Copy + Into<f64>>(actual: &[T], expected: &[T], rtol: f64, atol: f64) -> Option<String> {
    if actual.len() != expected.len() {
        return Some(format!("expected {} elements, got {}", expected.len(), actual.len()));
    }
    let mut differing = 0;
    let mut list = String::new();
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let (a, e): (f64, f64) = (a.into(), e.into());
        // The comparison is written so that NaN fails it; inf - inf is NaN, hence the test for equality.
        if a == e || (a - e).abs() <= atol + rtol * e.abs() && e.is_finite() {
            continue;
        }
        differing += 1;
        if differing <= LISTED {
            let _ = write!(
                list,
                "\n  [{i}] got {a:?}, expected {e:?}, off by {:.3e}",
                (a - e).abs()
            );
        }
    }
    (differing > 0).then(|| {
        format!(
            "{differing} of {} elements differ (rtol {rtol:e}, atol {atol:e}):{list}",
            actual.len()
        )
    })
}

/// Asserts that every element of `actual` is within `atol + rtol * |expected|` of `expected`'s.
///
/// # Panics
/// Where it is not, with the count and the first five differing elements.
#[track_caller]
pub fn assert_close<T: Copy + Into<f64>>(actual: &[T], expected: &[T], rtol: f64, atol: f64) {
    if let Some(report) = differences(actual, expected, rtol, atol) {
        panic!("{report}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerance_is_relative_to_the_expected_value() {
        assert_close(&[100.9, -0.05], &[100.0, 0.0], 0.01, 0.05);
        assert!(differences(&[101.1], &[100.0], 0.01, 0.05).is_some());
        assert!(differences(&[-0.06], &[0.0], 0.01, 0.05).is_some());
    }

    #[test]
    fn nan_never_passes_and_infinity_only_as_itself() {
        assert!(differences(&[f64::NAN], &[f64::NAN], 1.0, 1.0).is_some());
        assert!(differences(&[f64::NAN], &[1.0], 1.0, 1.0).is_some());
        assert!(differences(&[1.0], &[f64::INFINITY], 1.0, 1.0).is_some());
        assert!(differences(&[f64::NEG_INFINITY], &[f64::INFINITY], 1.0, 1.0).is_some());
        assert_eq!(differences(&[f64::INFINITY], &[f64::INFINITY], 0.0, 0.0), None);
    }

    #[test]
    fn the_first_five_are_listed() {
        let report = differences(&[1f32; 9], &[2f32; 9], 0.0, 0.5).unwrap();
        assert!(report.starts_with("9 of 9 elements differ"), "{report}");
        assert!(
            report.contains("[4] got 1.0, expected 2.0, off by 1.000e0") && !report.contains("[5]"),
            "{report}"
        );
        assert_eq!(
            differences(&[1f32; 2], &[1f32; 3], 0.0, 0.0).unwrap(),
            "expected 3 elements, got 2"
        );
    }
}
