//! Bootstrap over people: intervals that say how much a figure depends on who was held out.

use std::collections::BTreeMap;

use ficta_core::random::Stream;
use serde::{Deserialize, Serialize};

use super::Pair;

/// The 2.5th and 97.5th percentile of resampled values.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// How often each pair counts in one resampling of the people.
#[derive(Clone, Debug)]
pub struct Resample {
    /// Weight of each pair.
    pub weight: Vec<f64>,
}

impl Resample {
    /// Resampling number `index`: people are drawn with replacement, as many as there are; a genuine pair counts as often as its person
    /// was drawn, an impostor pair as often as the product of both (the vertex bootstrap of Snijders and Borgatti 1999). The same index
    /// gives the same people, so that arms can be compared on equal terms.
    pub fn new(pairs: &[Pair], labels: &[i64], seed: u64, index: usize) -> Self {
        let mut people: Vec<i64> = labels.to_vec();
        people.sort_unstable();
        people.dedup();
        let mut drawn = BTreeMap::<i64, f64>::new();
        let mut stream = Stream::new(seed, "evaluation.bootstrap", index as u64, 0);
        for _ in 0..people.len() {
            *drawn
                .entry(people[stream.below(people.len() as u64) as usize])
                .or_default() += 1.0;
        }
        let times = |row: usize| drawn.get(&labels[row]).copied().unwrap_or(0.0);
        let weight = pairs.iter().map(|p| {
            if p.same {
                times(p.first)
            } else {
                times(p.first) * times(p.second)
            }
        });
        Self {
            weight: weight.collect(),
        }
    }

    /// Whether there are both genuine and impostor pairs in it.
    pub fn usable(&self, pairs: &[Pair]) -> bool {
        let any = |same: bool| pairs.iter().zip(&self.weight).any(|(p, w)| p.same == same && *w > 0.0);
        any(true) && any(false)
    }
}

/// The percentile interval at 95%, by linear interpolation between order statistics; `None` for fewer than 20 finite values.
pub fn interval(values: &[f64]) -> Option<Interval> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if sorted.len() < 20 {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| {
        let position = q * (sorted.len() - 1) as f64;
        let low = position.floor() as usize;
        let next = sorted[(low + 1).min(sorted.len() - 1)];
        sorted[low] + (position - low as f64) * (next - sorted[low])
    };
    Some(Interval {
        lower: at(0.025),
        upper: at(0.975),
    })
}

/// The interval of first - second, value by value: both hold what the same resamplings gave, so that what the people have in common
/// drops out.
pub fn paired_difference(first: &[f64], second: &[f64]) -> Option<Interval> {
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    interval(&differences)
}

#[cfg(test)]
mod tests;
