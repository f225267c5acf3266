//! All that is measured on one verification set.

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{
    Pair, Roc,
    cross_validation::{CrossValidation, Decided},
    protocol::Protocol,
    roc::roc,
    val::{Val, val_at_far},
};

/// False acceptance rates at which true acceptance is given, where there are enough impostor pairs.
pub const FAR: [f64; 4] = [1e-1, 1e-2, 1e-3, 1e-4];

/// Pairs of a set: whether each is genuine, and its fold.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// Whether the two images show one person.
    pub same: &'a [bool],
    /// Fold of each pair, below `folds`.
    pub fold: &'a [usize],
    /// Number of folds, at least 2.
    pub folds: usize,
}

/// The true acceptance rate at a false acceptance rate.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct TarAtFar {
    /// False acceptance rate, at most.
    pub far: f64,
    /// Largest true acceptance rate at it; `None` where the set has fewer than 1/far impostor pairs.
    pub tar: Option<f64>,
}

/// The figures of one set.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Measures {
    /// Pairs of one person.
    pub genuine: usize,
    /// Pairs of two people.
    pub impostor: usize,
    /// Mean accuracy over the folds.
    pub accuracy: f64,
    /// Population deviation over the folds.
    pub deviation: f64,
    /// Accuracy of each fold.
    pub fold_accuracies: Vec<f64>,
    /// The threshold that scored each fold, in the protocol's terms.
    pub thresholds: Vec<f64>,
    /// True acceptance at thresholds that other folds chose.
    pub val: Val,
    /// Points of the receiver operating characteristic over all pairs.
    pub tar: Vec<TarAtFar>,
    /// Equal error rate over all pairs.
    pub eer: f64,
}

/// The figures, and the whole receiver operating characteristic.
///
/// `distances` are those of [`Protocol::distance`], one a pair; `val_far` is the rate of VAL@FAR.
///
/// # Errors
/// Fewer than two folds, a fold without pairs, no genuine or no impostor pair at all.
pub fn measure(distances: &[f64], answers: Answers<'_>, protocol: Protocol, val_far: f64) -> Result<(Measures, Roc)> {
    let Answers { same, fold, folds } = answers;
    check(distances, answers)?;
    let thresholds = protocol.thresholds();
    let first: Vec<usize> = distances.iter().map(|d| thresholds.first_above(*d)).collect();
    let decided = Decided {
        same,
        group: fold,
        folds,
        groups: folds,
        first: &first,
    };
    let ones = vec![1.0; same.len()];
    let validated = CrossValidation::of(&decided, &thresholds, &ones);
    let (accuracy, deviation) = validated.summary();
    let pairs: Vec<Pair> = same
        .iter()
        .zip(fold)
        .enumerate()
        .map(|(at, (same, fold))| Pair {
            first: 2 * at,
            second: 2 * at + 1,
            same: *same,
            fold: *fold,
            round: 0,
        })
        .collect();
    let curve = roc(distances, &pairs, &ones);
    let genuine = same.iter().filter(|s| **s).count();
    let impostor = same.len() - genuine;
    let tar = FAR.map(|far| TarAtFar {
        far,
        tar: (impostor as f64 * far >= 1.0).then(|| curve.tar_at(far)),
    });
    let measures = Measures {
        genuine,
        impostor,
        accuracy,
        deviation,
        fold_accuracies: validated.accuracies,
        thresholds: validated
            .chosen
            .iter()
            .map(|step| protocol.shown(thresholds.ascending[*step]))
            .collect(),
        val: val_at_far(distances, same, fold, folds, &protocol.fine_thresholds(), val_far),
        tar: tar.to_vec(),
        eer: curve.eer,
    };
    Ok((measures, curve))
}

fn check(distances: &[f64], answers: Answers<'_>) -> Result<()> {
    let Answers { same, fold, folds } = answers;
    if distances.len() != same.len() || fold.len() != same.len() || fold.iter().any(|f| *f >= folds) {
        return Err(Error::shape(format!(
            "{} distances, {} answers and {} folds of pairs below {folds}",
            distances.len(),
            same.len(),
            fold.len()
        )));
    }
    let pairs = same.len();
    if folds < 2 || (0..folds).any(|f| !fold.contains(&f)) {
        return Err(Error::data(format!(
            "{pairs} pairs in {folds} folds, expected two or more folds with pairs in each"
        ))
        .help("choose fewer folds with --folds, or take more pairs"));
    }
    for (kind, wanted) in [("genuine", true), ("impostor", false)] {
        if !same.contains(&wanted) {
            return Err(Error::data(format!("none of {pairs} pairs is {kind}"))
                .help("accuracy and rates need pairs of one person and pairs of two people"));
        }
    }
    Ok(())
}
