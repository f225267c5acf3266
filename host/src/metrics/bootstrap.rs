use ficta_core::random::Stream;
use rayon::prelude::*;

use crate::evaluation::{Interval, interval};

/// Resamplings that an interval is of.
pub const RESAMPLINGS: u64 = 1000;

/// 95% percentile bootstrap interval (Efron 1979) of the mean of one value an identity: identities are drawn with replacement, as many as
/// there are, [`RESAMPLINGS`] times. Values that are NaN do not count. `None` for fewer than two known values.
///
/// It says how much a mean depends on which identities a set happens to have, with what they are compared to as it is.
pub fn mean_interval(of_each: &[f64], seed: u64) -> Option<Interval> {
    let known: Vec<f64> = of_each.iter().copied().filter(|v| !v.is_nan()).collect();
    if known.len() < 2 {
        return None;
    }
    let mean = |index: u64| {
        let mut stream = Stream::new(seed, "metrics.bootstrap", index, 0);
        let drawn = (0..known.len()).map(|_| known[stream.below(known.len() as u64) as usize]);
        drawn.sum::<f64>() / known.len() as f64
    };
    let means: Vec<f64> = (0..RESAMPLINGS).into_par_iter().map(mean).collect();
    interval(&means)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 400 values the mean's standard error is known: sigma / sqrt(n), and the interval is 1.96 of them to either side.
    #[test]
    fn as_wide_as_the_normal_approximation_says() {
        let mut stream = Stream::new(3, "tests.values", 0, 0);
        let values: Vec<f64> = (0..400).map(|_| stream.normal_pair().0).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let error = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n / n).sqrt();
        let found = mean_interval(&values, 7).unwrap();
        assert!((found.lower - (mean - 1.96 * error)).abs() < 0.15 * error, "{found:?}");
        assert!((found.upper - (mean + 1.96 * error)).abs() < 0.15 * error, "{found:?}");
        assert_eq!(mean_interval(&values, 7), Some(found), "the seed decides");
        assert_ne!(mean_interval(&values, 8), Some(found));
    }

    #[test]
    fn unknown_values_do_not_count() {
        let with = [1.0, f64::NAN, 0.0, 1.0, f64::NAN];
        assert_eq!(mean_interval(&with, 1), mean_interval(&[1.0, 0.0, 1.0], 1));
        assert_eq!(mean_interval(&[1.0, f64::NAN], 1), None);
        let same = Interval { lower: 0.5, upper: 0.5 };
        assert_eq!(mean_interval(&[0.5; 3], 1), Some(same));
    }
}
