//! Two networks on the same pairs: how sure is the difference of their accuracies?

use ficta_core::random::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Interval,
    bootstrap::interval,
    cross_validation::{CrossValidation, Decided},
    measures::Answers,
    protocol::Protocol,
};

/// One set on which two networks are compared.
#[derive(Clone, Copy, Debug)]
pub struct Duel<'a> {
    /// The pairs.
    pub answers: Answers<'a>,
    /// [`Protocol::distance`] of each pair by the first network.
    pub first: &'a [f64],
    /// The same by the second.
    pub second: &'a [f64],
}

/// Accuracy of the first network less that of the second.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Difference {
    /// On the pairs as they are.
    pub difference: f64,
    /// 95% percentile interval over the resamplings; `None` for fewer than 20.
    pub interval: Option<Interval>,
    /// Share of the resamplings in which the first is the more accurate one; ties count half.
    pub first_better: f64,
}

/// The paired bootstrap: pairs are drawn with replacement within each fold and kind (genuine, impostor), as many as there are, the same ones for both
/// networks, and the whole protocol is run on them, the choice of thresholds included. One difference a set, and last that of the mean over the sets.
///
/// The draws depend on `seed`, the set's place and the resampling's number alone. Pairs are taken as independent: people who stand in several pairs make
/// the true interval somewhat wider.
pub fn compare(duels: &[Duel<'_>], protocol: Protocol, resamplings: usize, seed: u64) -> Vec<Difference> {
    let prepared: Vec<Prepared<'_>> = duels.iter().map(|duel| Prepared::new(duel, protocol)).collect();
    let observed: Vec<f64> = prepared
        .iter()
        .map(|p| p.difference(&vec![1.0; p.answers.same.len()]))
        .collect();
    let resampled: Vec<Vec<f64>> = (0..resamplings)
        .into_par_iter()
        .map(|number| {
            let of_set = |(at, p): (usize, &Prepared<'_>)| {
                p.difference(&p.weights(&mut Stream::new(seed, "evaluation.paired", at as u64, number as u64)))
            };
            prepared.iter().enumerate().map(of_set).collect()
        })
        .collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let summary = |difference: f64, values: &[f64]| Difference {
        difference,
        interval: interval(values),
        first_better: values
            .iter()
            .map(|d| f64::midpoint(d.signum() * f64::from(*d != 0.0), 1.0))
            .sum::<f64>()
            / values.len() as f64,
    };
    let sets = observed.iter().enumerate().map(|(at, difference)| {
        let of_set: Vec<f64> = resampled.iter().map(|r| r[at]).collect();
        summary(*difference, &of_set)
    });
    let means: Vec<f64> = resampled.iter().map(|r| mean(r)).collect();
    sets.chain([summary(mean(&observed), &means)]).collect()
}

struct Prepared<'a> {
    answers: Answers<'a>,
    protocol: Protocol,
    /// First accepting threshold of each pair, by network.
    first: [Vec<usize>; 2],
    /// Pairs of each fold and kind.
    strata: Vec<Vec<usize>>,
}

impl<'a> Prepared<'a> {
    fn new(duel: &Duel<'a>, protocol: Protocol) -> Self {
        let thresholds = protocol.thresholds();
        let answers = duel.answers;
        let mut strata = vec![Vec::new(); 2 * answers.folds];
        for (at, (fold, same)) in answers.fold.iter().zip(answers.same).enumerate() {
            strata[2 * fold + usize::from(*same)].push(at);
        }
        Self {
            answers,
            protocol,
            first: [duel.first, duel.second].map(|d| d.iter().map(|d| thresholds.first_above(*d)).collect()),
            strata,
        }
    }

    fn weights(&self, stream: &mut Stream) -> Vec<f64> {
        let mut weights = vec![0.0; self.answers.same.len()];
        for stratum in &self.strata {
            for _ in 0..stratum.len() {
                weights[stratum[stream.below(stratum.len() as u64) as usize]] += 1.0;
            }
        }
        weights
    }

    fn difference(&self, weights: &[f64]) -> f64 {
        let thresholds = self.protocol.thresholds();
        let [a, b] = [0, 1].map(|network| {
            let decided = Decided {
                same: self.answers.same,
                group: self.answers.fold,
                folds: self.answers.folds,
                groups: self.answers.folds,
                first: &self.first[network],
            };
            CrossValidation::of(&decided, &thresholds, weights).summary().0
        });
        a - b
    }
}
