//! Genuine and impostor cosines of a set.

use ficta_core::{Ctx, Result};

use super::{Identified, rounds::in_rounds};

/// Cosine of two unit vectors, in f64.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// Cosines of pairs of images, by whether the two are of one identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cosines {
    /// Pairs of one identity.
    pub genuine: Vec<f32>,
    /// Pairs of two identities.
    pub impostor: Vec<f32>,
}

/// Images of which the pairs are looked at between two reports of progress.
const ROUND: usize = 256;

impl Cosines {
    /// All pairs of a set, in order of (first, second).
    ///
    /// # Errors
    /// Cancellation.
    pub fn of(set: &Identified, ctx: &Ctx<'_>) -> Result<Self> {
        let of_first = |i: usize| {
            let mut out = Self::default();
            for j in i + 1..set.unit.rows {
                let c = cosine(set.unit.row(i), set.unit.row(j)) as f32;
                if set.identity[i] == set.identity[j] {
                    out.genuine.push(c)
                } else {
                    out.impostor.push(c)
                }
            }
            out
        };
        let mut out = Self::default();
        for of in in_rounds(set.unit.rows, ROUND, (ctx, "images compared"), of_first)? {
            out.genuine.extend(of.genuine);
            out.impostor.extend(of.impostor);
        }
        Ok(out)
    }
}
