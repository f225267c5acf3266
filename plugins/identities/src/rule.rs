//! Where between its parents a fictional identity lies.

use schemars::JsonSchema;
use serde::Deserialize;

/// The position t between two real identities a (t = 0) and b (t = 1).
///
/// V is the total variance of an identity, v_k its variance in dimension k, sigma = sqrt(V). Each parent is weighted by the
/// *other's* spread, so that the fictional identity keeps away from the parent that varies more. The paper asks for that effect and
/// names the midpoint as its ablation; the formulas of the other rules are ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// t = 1/2, whatever the variances: the ablation "without variance".
    Midpoint,
    /// t = sigma_a / (sigma_a + sigma_b): equal standardised distance to both.
    #[default]
    StdRatio,
    /// t = V_a / (V_a + V_b): weighting by precision.
    VarRatio,
    /// t_k = v_ak / (v_ak + v_bk) in each dimension k: the mean of the product of two Gaussians around the unit directions. Always
    /// interpolates linearly and renormalises; the reported t is the mean of t_k.
    PerDim,
    /// t = 1/2 + (r_a - r_b) / (2 D) with r = sqrt(V) and D the Euclidean distance of the unit directions: equal gaps to the two
    /// balls of radius r.
    Radius,
}

impl Rule {
    /// The unclamped t of two identities with total variances `va` and `vb` at Euclidean distance `distance`. Where neither
    /// identity varies, and for [`Rule::PerDim`], whose position is no scalar, that is 1/2.
    pub(crate) fn position(self, va: f64, vb: f64, distance: f64) -> f64 {
        match self {
            Self::Midpoint | Self::PerDim => 0.5,
            Self::StdRatio => share(va.sqrt(), vb.sqrt()),
            Self::VarRatio => share(va, vb),
            Self::Radius => {
                let lead = va.sqrt() - vb.sqrt();
                if lead == 0.0 {
                    0.5
                } else {
                    0.5 + lead / (2.0 * distance)
                }
            }
        }
    }
}

/// a / (a + b) of two non-negative numbers; 1/2 where both are 0, the limit along a = b.
pub(crate) fn share(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum > 0.0 { a / sum } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_variance_pushes_away() {
        for rule in [Rule::StdRatio, Rule::VarRatio, Rule::Radius] {
            let t = rule.position(0.4, 0.1, 1.3);
            assert!(t > 0.5, "{rule:?}: {t}");
        }
    }

    #[test]
    fn values_by_hand() {
        assert_eq!(Rule::Midpoint.position(0.9, 0.1, 1.0), 0.5);
        assert_eq!(Rule::StdRatio.position(0.09, 0.01, 1.0), 0.3 / 0.4);
        assert_eq!(Rule::VarRatio.position(0.3, 0.1, 1.0), 0.3 / 0.4);
        assert_eq!(Rule::Radius.position(0.25, 0.04, 1.5), 0.5 + 0.3 / 3.0);
    }

    #[test]
    fn limits() {
        for rule in [Rule::Midpoint, Rule::StdRatio, Rule::VarRatio, Rule::Radius] {
            assert_eq!(rule.position(0.0, 0.0, 0.0), 0.5, "{rule:?}");
            assert_eq!(rule.position(0.3, 0.3, 1.0), 0.5, "{rule:?}");
        }
        assert_eq!(Rule::StdRatio.position(0.0, 0.3, 1.0), 0.0);
        assert_eq!(Rule::VarRatio.position(0.3, 0.0, 1.0), 1.0);
        assert_eq!(Rule::Radius.position(0.3, 0.0, 0.0), f64::INFINITY);
    }
}
