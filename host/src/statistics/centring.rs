//! Unit features, and the centre that is subtracted from them.

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Centre, StatisticsConfig};

/// What was found and done about a narrow cone of features.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct CentringReport {
    /// Mean cosine between images of different identities, before.
    pub impostor_before: f64,
    /// The same with the features as they are used.
    pub impostor_after: f64,
    /// Whether the centre is subtracted.
    pub applied: bool,
}

fn normalise(row: &mut [f64]) -> f64 {
    let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
    row.iter_mut().for_each(|x| *x /= norm);
    norm
}

/// Divides each raw feature by its length, subtracts `center` where there is one, and divides again. f64 inside.
///
/// # Errors
/// A feature that is zero, not finite or equal to the centre, with its row; a centre of another length.
pub fn unit_features(features: &[f32], dim: usize, center: Option<&[f32]>) -> Result<Vec<f32>> {
    if dim == 0 || !features.len().is_multiple_of(dim) {
        return Err(Error::shape(format!(
            "{} numbers are no features of length {dim}",
            features.len()
        )));
    }
    if let Some(center) = center.filter(|c| c.len() != dim) {
        return Err(Error::shape(format!(
            "a centre of length {} for features of length {dim}",
            center.len()
        ))
        .help("the centre belongs to another encoder"));
    }
    let mut out = Vec::with_capacity(features.len());
    for (i, row) in features.chunks_exact(dim).enumerate() {
        let mut unit: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        let mut norm = normalise(&mut unit);
        if let (Some(center), true) = (center, norm.is_finite() && norm > 0.0) {
            unit.iter_mut().zip(center).for_each(|(x, c)| *x -= f64::from(*c));
            norm = normalise(&mut unit);
        }
        if !(norm.is_finite() && norm > 0.0) {
            return Err(
                Error::data(format!("feature {i} has length {norm}, so it has no direction"))
                    .help("look at that image; an encoder that gives NaN or zeros has the wrong weights"),
            );
        }
        out.extend(unit.iter().map(|x| *x as f32));
    }
    Ok(out)
}

/// Mean cosine over pairs of features of different labels, from the sums of all and of each identity: exact, in O(N d).
pub(super) fn mean_impostor_cosine(unit: &[f32], dim: usize, labels: &[usize], identities: usize) -> f64 {
    let mut sums = vec![0f64; identities * dim];
    let mut counts = vec![0f64; identities];
    for (row, label) in unit.chunks_exact(dim).zip(labels) {
        counts[*label] += 1.0;
        sums[label * dim..][..dim]
            .iter_mut()
            .zip(row)
            .for_each(|(s, x)| *s += f64::from(*x));
    }
    let mut total = vec![0f64; dim];
    let mut own = 0.0;
    for sum in sums.chunks_exact(dim) {
        own += sum.iter().map(|x| x * x).sum::<f64>();
        total.iter_mut().zip(sum).for_each(|(t, x)| *t += x);
    }
    let all = total.iter().map(|x| x * x).sum::<f64>();
    let n: f64 = counts.iter().sum();
    let pairs = n * n - counts.iter().map(|c| c * c).sum::<f64>();
    if pairs > 0.0 { (all - own) / pairs } else { f64::NAN }
}

/// Decides on centring and gives the features as they are used.
pub(super) fn centre(
    raw: &[f32],
    dim: usize,
    labels: &[usize],
    identities: usize,
    config: &StatisticsConfig,
) -> Result<(Vec<f32>, Option<Vec<f32>>, CentringReport)> {
    let unit = unit_features(raw, dim, None)?;
    let before = mean_impostor_cosine(&unit, dim, labels, identities);
    let applied = match config.centre {
        Centre::On => true,
        Centre::Off => false,
        Centre::Auto => before > config.auto_above,
    };
    if !applied {
        let report = CentringReport {
            impostor_before: before,
            impostor_after: before,
            applied,
        };
        return Ok((unit, None, report));
    }
    let mut sum = vec![0f64; dim];
    for row in unit.chunks_exact(dim) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += f64::from(*x));
    }
    let n = labels.len() as f64;
    let center: Vec<f32> = sum.iter().map(|s| (s / n) as f32).collect();
    let centred = unit_features(raw, dim, Some(&center))?;
    let after = mean_impostor_cosine(&centred, dim, labels, identities);
    Ok((
        centred,
        Some(center),
        CentringReport {
            impostor_before: before,
            impostor_after: after,
            applied,
        },
    ))
}
