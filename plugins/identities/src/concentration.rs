//! The concentration kappa of a von Mises-Fisher distribution.

use ficta_core::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// How kappa is found.
///
/// Unit features with total variance V have a mean of length R = sqrt(1 - V); maximum likelihood wants A_d(kappa) = R, with
/// A_d(kappa) = I_{d/2}(kappa) / I_{d/2-1}(kappa).
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Concentration {
    /// Banerjee's estimate after two steps of Newton's method (Sra 2012, "A short note on parameter approximation for von Mises-Fisher
    /// distributions", equation 4).
    #[default]
    Sra,
    /// kappa = R (d - R^2) / (1 - R^2) (Banerjee et al. 2005, "Clustering on the unit hypersphere using von Mises-Fisher distributions",
    /// equation 4.4).
    Banerjee,
    /// This kappa for every identity.
    #[serde(untagged)]
    Given(f64),
}

impl Concentration {
    /// Refuses a given kappa that cannot be.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Given(kappa) if !(kappa.is_finite() && kappa >= 0.0) => Err(Error::config(format!(
                "kappa = {kappa}: expected `sra`, `banerjee` or a finite number of at least 0"
            ))),
            _ => Ok(()),
        }
    }

    /// kappa in `dim` dimensions at total variance `variance`; infinite where nothing varies, 0 at a variance of 1 or more.
    pub(crate) fn kappa(self, variance: f64, dim: usize) -> f64 {
        let r = (1.0 - variance).max(0.0).sqrt();
        match self {
            Self::Given(kappa) => kappa,
            Self::Banerjee => banerjee(r, dim),
            Self::Sra => sra(r, dim),
        }
    }
}

fn banerjee(r: f64, dim: usize) -> f64 {
    r * (dim as f64 - r * r) / ((1.0 - r) * (1.0 + r))
}

/// Beyond this kappa, A_d differs from 1 in digits that Newton's method would lose; Banerjee's estimate is exact there.
const STEEP: f64 = 1e7;

fn sra(r: f64, dim: usize) -> f64 {
    let mut kappa = banerjee(r, dim);
    for _ in 0..2 {
        if kappa == 0.0 || kappa > STEEP {
            break;
        }
        let a = bessel_ratio(dim as f64 / 2.0, kappa);
        kappa -= (a - r) / (1.0 - a * a - (dim as f64 - 1.0) / kappa * a);
    }
    kappa
}

/// I_nu(x) / I_{nu-1}(x) for nu >= 1, x > 0: Gauss's continued fraction, whose steps r_nu = 1 / (2 nu / x + r_{nu+1}) contract errors,
/// from Amos's bound (1974) far out.
pub(crate) fn bessel_ratio(nu: f64, x: f64) -> f64 {
    let steps = (64.0 + 8.0 * x.sqrt()).min(30_000.0);
    let far = nu + steps;
    let mut ratio = x / (far - 0.5 + ((far + 0.5).powi(2) + x * x).sqrt());
    for step in (0..steps as usize).rev() {
        ratio = 1.0 / (2.0 * (nu + step as f64) / x + ratio);
    }
    ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_three_dimensions_the_ratio_is_the_langevin_function() {
        for x in [1e-3f64, 0.1, 1.0, 7.5, 60.0, 2000.0, 1e6] {
            let langevin = 1.0 / x.tanh() - 1.0 / x;
            let got = bessel_ratio(1.5, x);
            // The subtraction loses digits for small x.
            assert!((got - langevin).abs() < 1e-12 / x.min(1.0), "{x}: {got} {langevin}");
        }
    }

    #[derive(Deserialize)]
    struct Reference {
        kappas: Vec<Row>,
    }

    #[derive(Deserialize)]
    struct Row {
        dim: usize,
        variance: f64,
        banerjee: f64,
        sra: f64,
        solved: f64,
    }

    #[test]
    fn both_estimates_agree_with_scipy() {
        let fixture = include_str!("../tests/fixtures/baselines.json");
        let reference: Reference = serde_json::from_str(fixture).expect("the fixture is JSON");
        assert_eq!(reference.kappas.len(), 12);
        for row in reference.kappas {
            let close = |how: Concentration, expected: f64, tolerance: f64| {
                let got = how.kappa(row.variance, row.dim);
                assert!(
                    (got / expected - 1.0).abs() < tolerance,
                    "d {}, V {}, {how:?}: {got}, SciPy has {expected}",
                    row.dim,
                    row.variance
                );
            };
            close(Concentration::Banerjee, row.banerjee, 1e-12);
            close(Concentration::Sra, row.sra, 1e-9);
            close(Concentration::Sra, row.solved, 1e-5);
        }
    }

    #[test]
    fn sra_solves_the_equation_better_than_banerjee() {
        for dim in [3, 128, 512] {
            for variance in [0.05f64, 0.37, 0.8] {
                let r = (1.0 - variance).sqrt();
                let miss = |how: Concentration| (bessel_ratio(dim as f64 / 2.0, how.kappa(variance, dim)) - r).abs();
                let (sra, banerjee) = (miss(Concentration::Sra), miss(Concentration::Banerjee));
                assert!(sra < 1e-4 && sra <= banerjee, "d {dim}, V {variance}: {sra} {banerjee}");
            }
        }
    }

    #[test]
    fn limits() {
        for how in [Concentration::Sra, Concentration::Banerjee] {
            assert_eq!(how.kappa(1.0, 8), 0.0);
            assert_eq!(how.kappa(1.3, 8), 0.0);
            assert_eq!(how.kappa(0.0, 8), f64::INFINITY);
        }
        assert_eq!(Concentration::Given(12.5).kappa(0.3, 8), 12.5);
    }
}
