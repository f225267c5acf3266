use std::fmt;

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::Sampled;

/// What a cosine threshold r was calibrated on.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Calibration {
    /// False-match rate on real impostor pairs at which r was calibrated.
    pub false_match_rate: f64,
    /// Real impostor pairs that it was calibrated on.
    pub impostor_pairs: usize,
    /// Whether these are all that there are; else they were drawn.
    pub all_impostor_pairs: bool,
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, pairs) = (self.false_match_rate, self.impostor_pairs);
        let drawn = if self.all_impostor_pairs { "all" } else { "drawn" };
        write!(f, "r where {rate} of {pairs} real impostor pairs ({drawn}) match")
    }
}

/// The threshold of this false-match rate, and how it came about.
///
/// # Errors
/// No impostor pairs.
pub fn calibrate(real: &Sampled, false_match_rate: f64) -> Result<(f64, Calibration)> {
    let impostor = &real.cosines.impostor;
    let r = threshold_at_false_match_rate(impostor, false_match_rate);
    if r.is_nan() {
        return Err(
            Error::data("the real features are of one identity, so there is no impostor pair to calibrate on")
                .help("give real features of two or more people, or a threshold"),
        );
    }
    let how = Calibration {
        false_match_rate,
        impostor_pairs: impostor.len(),
        all_impostor_pairs: real.all,
    };
    Ok((r, how))
}

/// The smallest cosine threshold r at which no more than a share `rate` of the impostor cosines exceeds r: the (k + 1)-th largest of n,
/// with k the largest count for which k / n is at most `rate`. NaN without impostors.
pub fn threshold_at_false_match_rate(impostor: &[f32], rate: f64) -> f64 {
    let mut sorted: Vec<f32> = impostor.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let n = sorted.len() as f64;
    // The product may fall short of a whole number by its rounding, where the quotient does not.
    let below = (rate * n).floor();
    let allowed = if (below + 1.0) / n <= rate { below + 1.0 } else { below };
    sorted
        .get(allowed as usize)
        .or(sorted.last())
        .map_or(f64::NAN, |r| f64::from(*r))
}
