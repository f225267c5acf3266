//! The arms on the verification sets of `[evaluation.sets]`.

use std::collections::BTreeMap;

use ficta_core::{Ctx, Error, Result};
use rayon::prelude::*;

use super::{
    super::evaluate::{ArmResult, OnSet},
    ArmFigures, FAR, Figure, SetFigures, mean,
};
use crate::{
    config::EvaluationConfig,
    evaluation::{PairBootstrap, VerificationSet, interval},
    pipeline::verification_sets::{self, PROTOCOL},
};

/// Resamplings between two looks at whether the run goes on.
const BLOCK: usize = 50;

/// The sets, and how their pairs are resampled.
pub struct Sets {
    sets: Vec<(String, VerificationSet)>,
    resamplings: usize,
    seed: u64,
}

impl Sets {
    /// Opens them.
    pub fn open(settings: &EvaluationConfig, seed: u64) -> Result<Self> {
        Ok(Self {
            sets: verification_sets::open(&settings.sets)?,
            resamplings: settings.bootstrap,
            seed,
        })
    }

    /// Puts each arm's figures on each set beside those on the held-out people, and makes the mean over the sets what arms are compared by: also under each
    /// resampling, in which all arms see the same pairs.
    pub fn put_into(&self, figured: &mut [(ArmFigures, Vec<f64>)], arms: &[&ArmResult], ctx: &Ctx<'_>) -> Result<()> {
        let sets = self.sets.iter().enumerate();
        let prepared: Vec<Prepared<'_>> = sets
            .map(|(at, (name, set))| Prepared::new(name, set, arms, self.seed, at))
            .collect::<Result<_>>()?;
        // [resampling][set][arm]
        let mut resampled: Vec<Vec<Vec<f64>>> = Vec::with_capacity(self.resamplings);
        for start in (0..self.resamplings).step_by(BLOCK) {
            ctx.progress(start as u64, self.resamplings as u64, "resamplings of the sets")?;
            let block = start..self.resamplings.min(start + BLOCK);
            let of_one = |number| prepared.iter().map(|set| set.accuracies(number)).collect();
            resampled.extend(block.into_par_iter().map(of_one).collect::<Vec<_>>());
        }
        for (arm, (figures, averages)) in figured.iter_mut().enumerate() {
            for (at, set) in prepared.iter().enumerate() {
                let under: Vec<f64> = resampled.iter().map(|sets| sets[at][arm]).collect();
                figures
                    .sets
                    .insert(set.name.to_owned(), on_set(arms[arm], set.name, &under));
            }
            let of_resampling = |sets: &Vec<Vec<f64>>| mean(&sets.iter().map(|set| set[arm]).collect::<Vec<_>>());
            *averages = resampled.iter().map(of_resampling).collect();
            let of_seed = |seed: usize| {
                mean(
                    &figures
                        .sets
                        .values()
                        .map(|f| f.accuracy.per_seed[seed])
                        .collect::<Vec<_>>(),
                )
            };
            figures.average = figure((0..arms[arm].seeds.len()).map(of_seed).collect(), averages);
        }
        Ok(())
    }
}

struct Prepared<'a> {
    name: &'a str,
    bootstrap: PairBootstrap<'a>,
    /// [`PairBootstrap::first_accepting`] by arm and seed.
    first: Vec<Vec<Vec<usize>>>,
}

impl<'a> Prepared<'a> {
    fn new(name: &'a str, set: &'a VerificationSet, arms: &[&ArmResult], seed: u64, at: usize) -> Result<Self> {
        let pairs = set.same.len();
        let of = |arm: &&ArmResult| on(arm, name).map(|on| on.distances.len()).collect::<Vec<_>>();
        if let Some(other) = arms.iter().flat_map(of).find(|count| *count != pairs) {
            return Err(Error::data(format!(
                "evaluation set {name} has {pairs} pairs, but {other} were evaluated: it has changed since"
            ))
            .help("start the run again"));
        }
        let bootstrap = PairBootstrap::new(set.answers(), PROTOCOL, seed, at);
        let of_seed = |on: &OnSet| bootstrap.first_accepting(&on.distances);
        let first = arms.iter().map(|arm| on(arm, name).map(of_seed).collect()).collect();
        Ok(Self { name, bootstrap, first })
    }

    /// Mean over the seeds, by arm.
    fn accuracies(&self, number: usize) -> Vec<f64> {
        let weights = self.bootstrap.weights(number);
        let of_arm = |seeds: &Vec<Vec<usize>>| {
            let accuracy = |first: &Vec<usize>| self.bootstrap.accuracy(first, &weights);
            mean(&seeds.iter().map(accuracy).collect::<Vec<_>>())
        };
        self.first.iter().map(of_arm).collect()
    }
}

/// An arm's results on a set, by seed.
fn on<'a>(arm: &'a ArmResult, set: &'a str) -> impl Iterator<Item = &'a OnSet> {
    arm.seeds.iter().filter_map(move |seed| seed.sets.get(set))
}

fn figure(per_seed: Vec<f64>, resampled: &[f64]) -> Figure {
    Figure {
        mean: mean(&per_seed),
        per_seed,
        interval: interval(resampled),
    }
}

fn on_set(arm: &ArmResult, set: &str, resampled: &[f64]) -> SetFigures {
    let of = |get: &dyn Fn(&OnSet) -> f64, resampled: &[f64]| figure(on(arm, set).map(get).collect(), resampled);
    let enough = |far: f64| on(arm, set).all(|seed| seed.measures.impostor as f64 * far >= 1.0);
    SetFigures {
        accuracy: of(&|seed| seed.measures.accuracy, resampled),
        eer: of(&|seed| seed.measures.eer, &[]),
        tar: FAR
            .map(|far| enough(far).then(|| of(&|seed| seed.roc.tar_at(far), &[])))
            .to_vec(),
    }
}

/// Images of each set that were scaled, where there were any.
pub fn scaled(arm: &ArmResult) -> BTreeMap<String, usize> {
    let sets = arm.seeds.iter().flat_map(|seed| &seed.sets);
    sets.filter(|(_, on)| on.scaled_images > 0)
        .map(|(name, on)| (name.clone(), on.scaled_images))
        .collect()
}
