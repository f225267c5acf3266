//! Genuine and impostor cosines of a set.

use crate::pipeline::matrix::Matrix;

/// Cosine of two unit vectors, in f64.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// Cosines of all pairs of images, by whether the two are of one identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cosines {
    /// Pairs of one identity.
    pub genuine: Vec<f32>,
    /// Pairs of two identities.
    pub impostor: Vec<f32>,
}

impl Cosines {
    /// All pairs of unit features `[N,d]`, in order of (first, second).
    pub fn of(unit: &Matrix, labels: &[i64]) -> Self {
        let mut out = Self::default();
        for i in 0..unit.rows {
            for j in i + 1..unit.rows {
                let c = cosine(unit.row(i), unit.row(j)) as f32;
                if labels[i] == labels[j] {
                    out.genuine.push(c)
                } else {
                    out.impostor.push(c)
                }
            }
        }
        out
    }
}
