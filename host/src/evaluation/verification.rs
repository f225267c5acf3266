//! InsightFace's verification protocol (`arcface_torch`, `eval/verification.py`).

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{
    Pair, Pairs,
    cross_validation::{CrossValidation, Decided},
    protocol::Protocol,
};

/// What the protocol gives.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Verification {
    /// Mean accuracy over the folds of all rounds.
    pub accuracy: f64,
    /// Population deviation over the same.
    pub deviation: f64,
    /// The threshold that scored each fold, round by round, as squared Euclidean distance.
    pub thresholds: Vec<f64>,
    /// Whether each pair was decided rightly, at the threshold of its fold.
    pub right: Vec<bool>,
}

/// Sum of the raw embeddings of an image and of its mirror image, divided by its length, in f64. `[N,d]` each.
///
/// # Errors
/// Lengths that do not agree; a sum that is zero or not finite, with its row.
pub fn flip_sum(image: &[f32], mirrored: &[f32], dim: usize) -> Result<Vec<f64>> {
    if image.len() != mirrored.len() || dim == 0 || !image.len().is_multiple_of(dim) {
        return Err(Error::shape(format!(
            "embeddings of {} and {} numbers, of length {dim} each",
            image.len(),
            mirrored.len()
        )));
    }
    let mut out: Vec<f64> = image
        .iter()
        .zip(mirrored)
        .map(|(a, b)| f64::from(*a) + f64::from(*b))
        .collect();
    for (i, row) in out.chunks_exact_mut(dim).enumerate() {
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !(norm.is_finite() && norm > 0.0) {
            return Err(Error::data(format!("the embedding of image {i} has length {norm}"))
                .help("the backbone has diverged: train it with a lower learning rate"));
        }
        row.iter_mut().for_each(|x| *x /= norm);
    }
    Ok(out)
}

/// Squared Euclidean distance of each pair of unit embeddings.
pub fn distances(unit: &[f64], dim: usize, pairs: &[Pair]) -> Vec<f64> {
    let row = |i: usize| &unit[i * dim..][..dim];
    let distance = |p: &Pair| {
        row(p.first)
            .iter()
            .zip(row(p.second))
            .map(|(a, b)| (a - b).powi(2))
            .sum()
    };
    pairs.iter().map(distance).collect()
}

/// Thresholds 0, 0.01, ... 3.99; a pair is taken for one person where its distance is below the threshold. For each fold, the first
/// threshold that is best on the other folds of its round scores it. `weight` counts pairs more than once or not at all (for the bootstrap); all 1
/// gives the protocol. A fold without weight gives no accuracy.
pub fn verify(distances: &[f64], pairs: &Pairs, weight: &[f64]) -> Verification {
    let thresholds = Protocol::Insightface.thresholds();
    let group: Vec<usize> = pairs.pairs.iter().map(|p| p.round * pairs.folds + p.fold).collect();
    let same: Vec<bool> = pairs.pairs.iter().map(|p| p.same).collect();
    let first: Vec<usize> = distances.iter().map(|d| thresholds.first_above(*d)).collect();
    let decided = Decided {
        same: &same,
        group: &group,
        folds: pairs.folds,
        groups: pairs.rounds * pairs.folds,
        first: &first,
    };
    let of = CrossValidation::of(&decided, &thresholds, weight);
    let (accuracy, deviation) = of.summary();
    let right = (0..same.len()).map(|at| (first[at] <= of.chosen[group[at]]) == same[at]);
    Verification {
        accuracy,
        deviation,
        thresholds: of.chosen.iter().map(|step| thresholds.ascending[*step]).collect(),
        right: right.collect(),
    }
}

#[cfg(test)]
mod tests;
