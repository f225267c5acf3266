use super::cosine;
use crate::pipeline::matrix::Matrix;

/// Share of each identity's images with cos(f, c) > r; NaN for identities without images. `unit` `[N,d]`, `labels` are rows of the unit
/// class centres `[C,d]`; images of other labels do not count. The mean over identities is ID preservation P (DCFace's "consistency").
pub fn preservation_of_each(unit: &Matrix, labels: &[i64], centers: &Matrix, r: f64) -> Vec<f64> {
    let (mut hits, mut counts) = (vec![0usize; centers.rows], vec![0usize; centers.rows]);
    for (i, label) in labels.iter().enumerate() {
        let Some(id) = usize::try_from(*label).ok().filter(|id| *id < centers.rows) else {
            continue;
        };
        counts[id] += 1;
        hits[id] += usize::from(cosine(unit.row(i), centers.row(id)) > r);
    }
    hits.iter().zip(&counts).map(|(h, n)| *h as f64 / *n as f64).collect()
}
