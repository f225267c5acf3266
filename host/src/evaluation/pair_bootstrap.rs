//! Bootstrap over the pairs of a set: how much an accuracy depends on which pairs there are.

use ficta_core::random::Stream;

use super::{
    cross_validation::{CrossValidation, Decided},
    measures::Answers,
    protocol::Protocol,
    thresholds::Thresholds,
};

/// The protocol on pairs drawn with replacement within each fold and kind (genuine, impostor), as many as there are; the choice of thresholds is made anew
/// on them. Every network that is given the same weights sees the same pairs, so that networks can be compared on equal terms.
///
/// Pairs are taken as independent: people who stand in several pairs make the true interval somewhat wider.
pub struct PairBootstrap<'a> {
    answers: Answers<'a>,
    thresholds: Thresholds,
    /// Pairs of each fold and kind.
    strata: Vec<Vec<usize>>,
    seed: u64,
    set: u64,
}

impl<'a> PairBootstrap<'a> {
    /// Of these pairs; the draws depend on `seed`, the set's place among those that are looked at, and a resampling's number alone.
    pub fn new(answers: Answers<'a>, protocol: Protocol, seed: u64, set: usize) -> Self {
        let mut strata = vec![Vec::new(); 2 * answers.folds];
        for (at, (fold, same)) in answers.fold.iter().zip(answers.same).enumerate() {
            strata[2 * fold + usize::from(*same)].push(at);
        }
        Self {
            answers,
            thresholds: protocol.thresholds(),
            strata,
            seed,
            set: set as u64,
        }
    }

    /// How often each pair counts in a resampling.
    pub fn weights(&self, number: usize) -> Vec<f64> {
        let mut stream = Stream::new(self.seed, "evaluation.paired", self.set, number as u64);
        let mut weights = vec![0.0; self.answers.same.len()];
        for stratum in &self.strata {
            for _ in 0..stratum.len() {
                weights[stratum[stream.below(stratum.len() as u64) as usize]] += 1.0;
            }
        }
        weights
    }

    /// What [`Self::accuracy`] takes of a network: the first threshold that accepts each pair. `distances` are [`Protocol::distance`]'s.
    pub fn first_accepting(&self, distances: &[f64]) -> Vec<usize> {
        distances.iter().map(|d| self.thresholds.first_above(*d)).collect()
    }

    /// Mean accuracy over the folds with pairs that count so often; all 1 is the protocol itself.
    pub fn accuracy(&self, first: &[usize], weights: &[f64]) -> f64 {
        let decided = Decided {
            same: self.answers.same,
            group: self.answers.fold,
            folds: self.answers.folds,
            groups: self.answers.folds,
            first,
        };
        CrossValidation::of(&decided, &self.thresholds, weights).summary().0
    }
}
