//! InsightFace's verification protocol (`arcface_torch`, `eval/verification.py`).

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Pair, Pairs};

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

/// Thresholds that are tried.
const STEPS: usize = 400;

/// Thresholds 0, 0.01, ... 3.99; a pair is taken for one person where its distance is below the threshold. For each fold, the first
/// threshold that is best on the other folds of its round scores it. `weight` counts pairs more than once or not at all (for the bootstrap); all 1
/// gives the protocol. A fold without weight gives no accuracy.
pub fn verify(distances: &[f64], pairs: &Pairs, weight: &[f64]) -> Verification {
    let group = |pair: &Pair| pair.round * pairs.folds + pair.fold;
    let groups = pairs.rounds * pairs.folds;
    // rights[group][step]: weight of the pairs decided rightly. At first what the step changes: a pair is accepted from `above` on.
    let mut rights = vec![vec![0f64; STEPS]; groups];
    let mut totals = vec![0f64; groups];
    for ((d, pair), w) in distances.iter().zip(&pairs.pairs).zip(weight) {
        let (group, above) = (group(pair), first_above(*d));
        totals[group] += w;
        rights[group][0] += if pair.same { 0.0 } else { *w };
        if above < STEPS {
            rights[group][above] += if pair.same { *w } else { -w };
        }
    }
    for of_group in &mut rights {
        let mut sum = 0.0;
        for right in of_group {
            sum += *right;
            *right = sum;
        }
    }
    let (mut thresholds, mut accuracies) = (Vec::with_capacity(groups), Vec::with_capacity(groups));
    for this in 0..groups {
        let first = this - this % pairs.folds;
        let round = first..first + pairs.folds;
        let right_elsewhere = |step: usize| -> f64 {
            let others = round.clone().filter(|other| *other != this);
            others.map(|other| rights[other][step]).sum()
        };
        let mut best = (0, f64::NEG_INFINITY);
        for (step, right) in (0..STEPS).map(|step| (step, right_elsewhere(step))) {
            if right > best.1 {
                best = (step, right);
            }
        }
        thresholds.push(threshold(best.0));
        if totals[this] > 0.0 {
            accuracies.push(rights[this][best.0] / totals[this]);
        }
    }
    let n = accuracies.len() as f64;
    let accuracy = accuracies.iter().sum::<f64>() / n;
    let deviation = (accuracies.iter().map(|a| (a - accuracy).powi(2)).sum::<f64>() / n).sqrt();
    let right = distances
        .iter()
        .zip(&pairs.pairs)
        .map(|(d, p)| (*d < thresholds[group(p)]) == p.same)
        .collect();
    Verification {
        accuracy,
        deviation,
        thresholds,
        right,
    }
}

/// The first step whose threshold is above `distance`; `STEPS` for none.
fn first_above(distance: f64) -> usize {
    let near = (distance / 0.01).max(0.0) as usize; // off by one at most
    (near.saturating_sub(1)..STEPS)
        .find(|step| threshold(*step) > distance)
        .unwrap_or(STEPS)
}

/// NumPy's `arange(0, 4, 0.01)[step]`.
fn threshold(step: usize) -> f64 {
    step as f64 * 0.01
}

#[cfg(test)]
mod tests;
