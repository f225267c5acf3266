//! Two networks on the same pairs: how sure is the difference of their accuracies?

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Interval, bootstrap::interval, measures::Answers, pair_bootstrap::PairBootstrap, protocol::Protocol};

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

/// The paired bootstrap, by [`PairBootstrap`]: one difference a set, and last that of the mean over the sets.
pub fn compare(duels: &[Duel<'_>], protocol: Protocol, resamplings: usize, seed: u64) -> Vec<Difference> {
    let prepared: Vec<Prepared<'_>> = duels
        .iter()
        .enumerate()
        .map(|(set, duel)| Prepared::new(duel, protocol, seed, set))
        .collect();
    let observed: Vec<f64> = duels
        .iter()
        .zip(&prepared)
        .map(|(duel, p)| p.difference(&vec![1.0; duel.answers.same.len()]))
        .collect();
    let resampled: Vec<Vec<f64>> = (0..resamplings)
        .into_par_iter()
        .map(|number| {
            let of_set = |p: &Prepared<'_>| p.difference(&p.bootstrap.weights(number));
            prepared.iter().map(of_set).collect()
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
    bootstrap: PairBootstrap<'a>,
    /// [`PairBootstrap::first_accepting`] of both networks.
    first: [Vec<usize>; 2],
}

impl<'a> Prepared<'a> {
    fn new(duel: &Duel<'a>, protocol: Protocol, seed: u64, set: usize) -> Self {
        let bootstrap = PairBootstrap::new(duel.answers, protocol, seed, set);
        let first = [duel.first, duel.second].map(|distances| bootstrap.first_accepting(distances));
        Self { bootstrap, first }
    }

    fn difference(&self, weights: &[f64]) -> f64 {
        let [a, b] = [0, 1].map(|network| self.bootstrap.accuracy(&self.first[network], weights));
        a - b
    }
}
