use serde::{Deserialize, Serialize};

use super::Cosines;

/// How well genuine and impostor cosines part.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Separability {
    /// Mean genuine cosine.
    pub genuine_mean: f64,
    /// Population deviation.
    pub genuine_deviation: f64,
    /// Mean impostor cosine.
    pub impostor_mean: f64,
    /// Population deviation.
    pub impostor_deviation: f64,
    /// Fisher discriminant ratio (m_g - m_i)^2 / (s_g^2 + s_i^2).
    pub fdr: f64,
    /// Equal error rate: (FMR + FNMR)/2 at the threshold where they differ least; a pair matches where its cosine is at least the threshold.
    pub eer: f64,
    /// Lowest FNMR at an FMR of at most 1/100.
    pub fmr100: f64,
    /// Lowest FNMR at an FMR of at most 1/1000.
    pub fmr1000: f64,
}

fn moments(values: &[f32]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    (
        mean,
        values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n,
    )
}

/// Separability of all pairs; NaN where there are no pairs of one kind.
pub fn separability(cosines: &Cosines) -> Separability {
    let ((gm, gv), (im, iv)) = (moments(&cosines.genuine), moments(&cosines.impostor));
    let sorted = |values: &[f32]| {
        let mut v = values.to_vec();
        v.sort_unstable_by(f32::total_cmp);
        v
    };
    let (genuine, impostor) = (sorted(&cosines.genuine), sorted(&cosines.impostor));
    let mut thresholds: Vec<f32> = genuine.iter().chain(&impostor).copied().collect();
    thresholds.sort_unstable_by(f32::total_cmp);
    thresholds.dedup();
    thresholds.push(f32::INFINITY);
    let below = |values: &[f32], t: f32| values.partition_point(|x| *x < t) as f64 / values.len() as f64;
    let (mut eer, mut gap) = (f64::NAN, f64::INFINITY);
    let mut at = [(0.01, f64::NAN), (0.001, f64::NAN)];
    for t in thresholds {
        let (fmr, fnmr) = (1.0 - below(&impostor, t), below(&genuine, t));
        if (fmr - fnmr).abs() < gap {
            (gap, eer) = ((fmr - fnmr).abs(), f64::midpoint(fmr, fnmr));
        }
        for (limit, lowest) in &mut at {
            // FNMR grows with the threshold: the first that fits is the lowest.
            if fmr <= *limit && lowest.is_nan() {
                *lowest = fnmr;
            }
        }
    }
    Separability {
        genuine_mean: gm,
        genuine_deviation: gv.sqrt(),
        impostor_mean: im,
        impostor_deviation: iv.sqrt(),
        fdr: (gm - im).powi(2) / (gv + iv),
        eer,
        fmr100: at[0].1,
        fmr1000: at[1].1,
    }
}

#[cfg(test)]
mod tests;
