//! Accuracy at a threshold that other folds chose.

use super::thresholds::Thresholds;

/// Pairs ready to be decided: for each, whether it is genuine, its group, and the first threshold that accepts it.
pub struct Decided<'a> {
    /// Whether each pair shows one person.
    pub same: &'a [bool],
    /// Group of each pair: `round * folds + fold`.
    pub group: &'a [usize],
    /// Folds of a round.
    pub folds: usize,
    /// Groups in all.
    pub groups: usize,
    /// [`Thresholds::first_above`] of each pair.
    pub first: &'a [usize],
}

/// One entry a group.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossValidation {
    /// The threshold that the other folds of the round chose, as index.
    pub chosen: Vec<usize>,
    /// Accuracy at it; NaN for a group without weight.
    pub accuracies: Vec<f64>,
}

impl CrossValidation {
    /// For each fold, the threshold that is best on the other folds of its round (of equally good ones the one that `thresholds` prefers) scores it.
    /// `weight` counts pairs more than once or not at all; all 1 gives the protocol.
    pub fn of(pairs: &Decided<'_>, thresholds: &Thresholds, weight: &[f64]) -> Self {
        let steps = thresholds.ascending.len();
        // rights[group][step]: weight of the pairs decided rightly. At first what the step changes: a pair is accepted from `first` on.
        let mut rights = vec![vec![0f64; steps]; pairs.groups];
        let mut totals = vec![0f64; pairs.groups];
        for (at, w) in weight.iter().enumerate() {
            let (group, first, same) = (pairs.group[at], pairs.first[at], pairs.same[at]);
            totals[group] += w;
            rights[group][0] += if same { 0.0 } else { *w };
            if first < steps {
                rights[group][first] += if same { *w } else { -w };
            }
        }
        for of_group in &mut rights {
            let mut sum = 0.0;
            for right in of_group {
                sum += *right;
                *right = sum;
            }
        }
        let mut out = Self {
            chosen: Vec::with_capacity(pairs.groups),
            accuracies: Vec::with_capacity(pairs.groups),
        };
        for this in 0..pairs.groups {
            let first = this - this % pairs.folds;
            let mut elsewhere = vec![0f64; steps];
            for other in (first..first + pairs.folds).filter(|other| *other != this) {
                elsewhere
                    .iter_mut()
                    .zip(&rights[other])
                    .for_each(|(sum, right)| *sum += right);
            }
            let best = best(&elsewhere, thresholds.prefer_last);
            out.chosen.push(best);
            out.accuracies.push(rights[this][best] / totals[this]);
        }
        out
    }

    /// Mean and population deviation over the groups that have weight.
    pub fn summary(&self) -> (f64, f64) {
        mean_and_deviation(&self.accuracies)
    }
}

fn best(values: &[f64], prefer_last: bool) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, value) in values.iter().enumerate() {
        if *value > best.1 || (prefer_last && *value == best.1) {
            best = (at, *value);
        }
    }
    best.0
}

/// Mean and population deviation of the values that are numbers.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let known: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    let n = known.len() as f64;
    let mean = known.iter().sum::<f64>() / n;
    let variance = known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}
