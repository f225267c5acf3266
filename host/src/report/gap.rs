//! The distance of each arm to the arm of real images.

use super::input::{Arm, Arms, Authenticity};

/// `(REAL - SYN)/SYN * 100`, in percent: the definition that reproduces the paper's printed gaps. NaN where SYN is 0 or unknown.
pub(crate) fn gap_percent(real: f64, synthetic: f64) -> f64 {
    if synthetic == 0.0 {
        return f64::NAN;
    }
    (real - synthetic) / synthetic * 100.0
}

/// The arm that gaps refer to: the one named, else the first of real images.
pub(super) fn reference(arms: &Arms) -> Option<&Arm> {
    match &arms.reference {
        Some(name) => arms.rows.iter().find(|a| &a.name == name),
        None => arms.rows.iter().find(|a| a.authenticity == Authenticity::Real),
    }
}

/// Gap in percent and absolute difference (this arm minus the reference, fraction), NaN where unknown.
pub(super) fn to_reference(arms: &Arms, arm: &Arm) -> (f64, f64) {
    match reference(arms) {
        Some(real) => (
            gap_percent(real.average.mean, arm.average.mean),
            arm.average.mean - real.average.mean,
        ),
        None => (f64::NAN, f64::NAN),
    }
}

/// Whether an arm holds generated images alone, and so is ranked.
pub(super) fn is_generated(arm: &Arm) -> bool {
    matches!(arm.authenticity, Authenticity::SyntheticReal | Authenticity::Fictional)
}

#[cfg(test)]
mod tests {
    use super::gap_percent;

    /// The averages and gaps that the paper's supplement prints (Table 1). It truncates the gap where it does not round.
    #[test]
    fn reproduces_the_papers_table() {
        for (synthetic, printed) in [(82.83, 6.96), (84.23, 5.18), (80.83, 9.61), (82.11, 7.90)] {
            let gap = gap_percent(88.60, synthetic);
            assert!((gap - printed).abs() < 0.011, "{synthetic}: {gap} against {printed}");
        }
        assert!(gap_percent(0.9, 0.0).is_nan());
        assert!(gap_percent(0.9, f64::NAN).is_nan());
    }
}
