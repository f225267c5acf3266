//! compare: the arms with intervals, and the paired differences that the claims ask for.

mod people;
mod sets;

use std::collections::BTreeMap;

use ficta_core::{Result, random::derive_seed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::evaluate::ArmResult;
use crate::{
    config::{EvaluationConfig, RunConfig},
    evaluation::{Interval, paired_difference},
    pipeline::{Place, Stage},
    storage::json as json_file,
};
use people::People;
use sets::Sets;

pub const COMPARISON: &str = "comparison.json";
/// False acceptance rates at which true acceptance is reported.
pub const FAR: [f64; 2] = [0.01, 0.1];

/// A figure and how sure it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Figure {
    /// Mean over seeds.
    pub mean: f64,
    /// One value a seed.
    pub per_seed: Vec<f64>,
    /// 95% over resampled people (of a verification set: over resampled pairs), of the mean over seeds.
    pub interval: Option<Interval>,
}

/// The figures of one arm on one set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct SetFigures {
    /// Verification accuracy.
    pub accuracy: Figure,
    /// Equal error rate.
    pub eer: Figure,
    /// True acceptance rate at each of [`FAR`]; none where the set has fewer than 1/FAR impostor pairs.
    pub tar: Vec<Option<Figure>>,
}

/// The figures of one arm.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ArmFigures {
    /// On the held-out people, where there are any.
    #[serde(flatten)]
    pub held_out: Option<SetFigures>,
    /// By name of `[evaluation.sets]`.
    #[serde(default)]
    pub sets: BTreeMap<String, SetFigures>,
    /// What arms are compared by: the mean accuracy over the sets, or the accuracy on the held-out people where there are no sets.
    pub average: Figure,
}

/// All arms, and differences between them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Comparison {
    /// By arm.
    pub arms: BTreeMap<String, ArmFigures>,
    /// Interval of the average of the first arm less that of the second, on the same resampled people or pairs, by `first - second`.
    pub differences: BTreeMap<String, Option<Interval>>,
    /// The backbone before any training.
    pub untrained: ArmFigures,
    /// Folds of a round.
    pub folds: usize,
    /// Rounds of folds.
    pub rounds: usize,
    /// Genuine and impostor pairs of all rounds.
    pub pairs: (usize, usize),
    /// Resamplings that had both kinds of pairs.
    pub resamplings: usize,
    /// Resamplings of the sets' pairs.
    #[serde(default)]
    pub set_resamplings: usize,
    /// Images of each set that were scaled to the network's size, where there were any.
    #[serde(default)]
    pub scaled_images: BTreeMap<String, usize>,
}

/// Key of a difference.
pub fn difference(first: &str, second: &str) -> String {
    format!("{first} - {second}")
}

/// The arm that gaps refer to: the first of real images alone.
pub fn reference(config: &RunConfig) -> Option<&String> {
    config
        .arms
        .iter()
        .find(|(_, arm)| arm.real && arm.ids.is_none())
        .map(|(name, _)| name)
}

pub fn stage(config: &RunConfig) -> Stage {
    let (settings, names) = (
        config.evaluation.clone(),
        config.arms.keys().cloned().collect::<Vec<_>>(),
    );
    let mut wanted: Vec<_> = config
        .claims
        .values()
        .map(|c| (c.first.clone(), c.second.clone()))
        .collect();
    if let Some(real) = reference(config) {
        wanted.extend(names.iter().filter(|n| *n != real).map(|n| (n.clone(), real.clone())));
    }
    // What the sets hold is in the fingerprints of the inputs; where they lie makes no difference.
    let without_sets = EvaluationConfig {
        sets: BTreeMap::new(),
        ..settings.clone()
    };
    let params = json!({"evaluation": without_sets, "differences": wanted});
    let inputs = names
        .iter()
        .map(|n| super::evaluate::id(n))
        .chain([super::evaluate::UNTRAINED.into(), "data".into()])
        .collect();
    let work = move |place: &Place<'_>| {
        let seed = derive_seed(place.seed, "evaluation.bootstrap", 0, 0);
        let people = People::read(place, &settings, seed)?;
        let mut out = Comparison::default();
        if let Some(people) = &people {
            let pairs = &people.held_out.pairs;
            (out.folds, out.rounds, out.resamplings) = (pairs.folds, pairs.rounds, people.resamples.len());
            let genuine = pairs.pairs.iter().filter(|p| p.same).count();
            out.pairs = (genuine, pairs.pairs.len() - genuine);
        }
        let ctx = place.ctx();
        let read = |stage: &str| -> Result<ArmResult> { json_file::read(&place.file(stage, super::evaluate::RESULT)) };
        let untrained = read(super::evaluate::UNTRAINED)?;
        let results = names
            .iter()
            .map(|name| read(&super::evaluate::id(name)))
            .collect::<Result<Vec<_>>>()?;
        let all: Vec<&ArmResult> = results.iter().chain([&untrained]).collect();
        let mut figured = Vec::with_capacity(all.len());
        for (done, result) in all.iter().enumerate() {
            let of_people = people.as_ref().map(|people| people.figures(result));
            let (held_out, resampled) = of_people.unzip();
            let figures = ArmFigures {
                average: held_out
                    .as_ref()
                    .map(|on: &SetFigures| on.accuracy.clone())
                    .unwrap_or_default(),
                sets: BTreeMap::new(),
                held_out,
            };
            figured.push((figures, resampled.unwrap_or_default()));
            ctx.progress(done as u64 + 1, all.len() as u64, "arms")?;
        }
        if !settings.sets.is_empty() {
            let sets = Sets::open(&settings, seed)?;
            sets.put_into(&mut figured, &all, &ctx)?;
            (out.set_resamplings, out.scaled_images) = (settings.bootstrap, sets::scaled(&untrained));
        }
        let mut accuracies = BTreeMap::new();
        for (at, (figures, resampled)) in figured.into_iter().enumerate() {
            match names.get(at) {
                Some(name) => {
                    out.arms.insert(name.clone(), figures);
                    accuracies.insert(name.clone(), resampled);
                }
                None => out.untrained = figures,
            }
        }
        for (first, second) in &wanted {
            out.differences.insert(
                difference(first, second),
                paired_difference(&accuracies[first], &accuracies[second]),
            );
        }
        json_file::write(&place.dir.join(COMPARISON), &out)
    };
    Stage::new("compare", inputs, params, Box::new(work))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Reads what the stage left.
///
/// # Errors
/// Reading failed.
pub fn read(place: &Place<'_>) -> Result<Comparison> {
    json_file::read(&place.file("compare", COMPARISON))
}
