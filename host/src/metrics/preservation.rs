use super::cosine;
use crate::pipeline::matrix::Matrix;

/// ID preservation P: the mean over identities of the share of an identity's images with cos(f, c) > r (DCFace's "consistency").
/// `unit` `[N,d]`, `labels` are rows of the unit class centres `[C,d]`. Identities without images do not count. NaN without any.
pub fn preservation(unit: &Matrix, labels: &[i64], centers: &Matrix, r: f64) -> f64 {
    let (mut hits, mut counts) = (vec![0usize; centers.rows], vec![0usize; centers.rows]);
    for (i, label) in labels.iter().enumerate() {
        let Some(id) = usize::try_from(*label).ok().filter(|id| *id < centers.rows) else {
            continue;
        };
        counts[id] += 1;
        hits[id] += usize::from(cosine(unit.row(i), centers.row(id)) > r);
    }
    let shares: Vec<f64> = hits
        .iter()
        .zip(&counts)
        .filter(|(_, n)| **n > 0)
        .map(|(h, n)| *h as f64 / *n as f64)
        .collect();
    shares.iter().sum::<f64>() / shares.len() as f64
}
