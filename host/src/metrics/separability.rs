use serde::{Deserialize, Serialize};

use super::{Cosines, Quantity};
use crate::storage::json::nan_where_null;

/// How well genuine and impostor cosines part.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Separability {
    /// Mean genuine cosine.
    #[serde(deserialize_with = "nan_where_null")]
    pub genuine_mean: f64,
    /// Population deviation.
    #[serde(deserialize_with = "nan_where_null")]
    pub genuine_deviation: f64,
    /// Mean impostor cosine.
    #[serde(deserialize_with = "nan_where_null")]
    pub impostor_mean: f64,
    /// Population deviation.
    #[serde(deserialize_with = "nan_where_null")]
    pub impostor_deviation: f64,
    /// Fisher discriminant ratio (m_g - m_i)^2 / (s_g^2 + s_i^2).
    #[serde(deserialize_with = "nan_where_null")]
    pub fdr: f64,
    /// Equal error rate: (FMR + FNMR)/2 at the threshold where they differ least; a pair matches where its cosine is at least the threshold.
    #[serde(deserialize_with = "nan_where_null")]
    pub eer: f64,
    /// Lowest FNMR at an FMR of at most 1/100.
    #[serde(deserialize_with = "nan_where_null")]
    pub fmr100: f64,
    /// Lowest FNMR at an FMR of at most 1/1000.
    #[serde(deserialize_with = "nan_where_null")]
    pub fmr1000: f64,
}

impl Separability {
    /// The number; NaN for numbers that are not over pairs.
    pub fn value(&self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::Fdr => self.fdr,
            Quantity::Eer => self.eer,
            Quantity::Fmr100 => self.fmr100,
            Quantity::Fmr1000 => self.fmr1000,
            Quantity::GenuineMean => self.genuine_mean,
            Quantity::GenuineDeviation => self.genuine_deviation,
            Quantity::ImpostorMean => self.impostor_mean,
            Quantity::ImpostorDeviation => self.impostor_deviation,
            _ => f64::NAN,
        }
    }
}

fn moments(values: &[f32]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    (
        mean,
        values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n,
    )
}

/// Impostor pairs of which one may match, for FMR100 and FMR1000.
const IMPOSTORS_A_MATCH: [usize; 2] = [100, 1000];

/// Separability of the pairs; NaN where there are no pairs of one kind. A rate is a count over a count, and limits on it are compared as
/// counts: one match of 100 impostors is at the limit of FMR100, whatever 1/100 is in binary.
pub fn separability(cosines: &Cosines) -> Separability {
    let ((gm, gv), (im, iv)) = (moments(&cosines.genuine), moments(&cosines.impostor));
    let sorted = |values: &[f32]| {
        let mut v = values.to_vec();
        v.sort_unstable_by(f32::total_cmp);
        v
    };
    let (genuine, impostor) = (sorted(&cosines.genuine), sorted(&cosines.impostor));
    let (mut eer, mut gap) = (f64::NAN, f64::INFINITY);
    let mut lowest = [f64::NAN; 2];
    // Genuine and impostor cosines below the threshold, which is each cosine in turn and at last above all.
    let (mut rejected, mut cleared) = (0, 0);
    loop {
        let matches = impostor.len() - cleared;
        let fmr = matches as f64 / impostor.len() as f64;
        let fnmr = rejected as f64 / genuine.len() as f64;
        if (fmr - fnmr).abs() < gap {
            (gap, eer) = ((fmr - fnmr).abs(), f64::midpoint(fmr, fnmr));
        }
        for (lowest, impostors) in lowest.iter_mut().zip(IMPOSTORS_A_MATCH) {
            // FNMR grows with the threshold: the first that fits is the lowest.
            if lowest.is_nan() && !impostor.is_empty() && matches * impostors <= impostor.len() {
                *lowest = fnmr;
            }
        }
        let next = [genuine.get(rejected), impostor.get(cleared)];
        let Some(t) = next.into_iter().flatten().copied().min_by(f32::total_cmp) else {
            break;
        };
        rejected += above(&genuine[rejected..], t);
        cleared += above(&impostor[cleared..], t);
    }
    Separability {
        genuine_mean: gm,
        genuine_deviation: gv.sqrt(),
        impostor_mean: im,
        impostor_deviation: iv.sqrt(),
        fdr: (gm - im).powi(2) / (gv + iv),
        eer,
        fmr100: lowest[0],
        fmr1000: lowest[1],
    }
}

/// Index of the first of the ascending `values` that is above `t`.
fn above(values: &[f32], t: f32) -> usize {
    let first = values.iter().position(|x| *x > t);
    first.unwrap_or(values.len())
}

#[cfg(test)]
mod tests;
