//! compare: the arms with intervals, and the paired differences that the claims ask for.

use std::collections::BTreeMap;

use ficta_core::{Result, random::derive_seed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    config::RunConfig,
    evaluation::{Interval, Pairs, Resample, interval, paired_difference, roc, verify},
    pipeline::{Place, Stage, held_out::HeldOut, images::Images},
    storage::json as json_file,
};

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
    /// 95% over resampled people, of the mean over seeds.
    pub interval: Option<Interval>,
}

/// The figures of one arm.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ArmFigures {
    /// Verification accuracy.
    pub accuracy: Figure,
    /// Equal error rate.
    pub eer: Figure,
    /// True acceptance rate at each of [`FAR`].
    pub tar: Vec<Figure>,
}

/// All arms, and differences between them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Comparison {
    /// By arm.
    pub arms: BTreeMap<String, ArmFigures>,
    /// Interval of accuracy of the first arm less that of the second, on the same resampled people, by `first - second`.
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
    let params = json!({"evaluation": settings, "differences": wanted});
    let inputs = names
        .iter()
        .map(|n| super::evaluate::id(n))
        .chain([super::evaluate::UNTRAINED.into(), "data".into()])
        .collect();
    let work = move |place: &Place<'_>| {
        let images = Images::read(&place.file("data", "held-out.safetensors"), "small")?;
        let pairs = HeldOut::pairs(place, &images, &settings)?;
        let seed = derive_seed(place.seed, "evaluation.bootstrap", 0, 0);
        let resamples: Vec<_> = (0..settings.bootstrap)
            .map(|i| Resample::new(&pairs.pairs, &images.labels, seed, i))
            .filter(|r| r.usable(&pairs.pairs))
            .collect();
        let mut out = Comparison {
            folds: pairs.folds,
            rounds: pairs.rounds,
            pairs: (
                pairs.pairs.iter().filter(|p| p.same).count(),
                pairs.pairs.iter().filter(|p| !p.same).count(),
            ),
            resamplings: resamples.len(),
            ..Comparison::default()
        };
        let mut accuracies = BTreeMap::new();
        let ctx = place.ctx();
        let read = |stage: &str| json_file::read(&place.file(stage, super::evaluate::RESULT));
        out.untrained = figures(&read(super::evaluate::UNTRAINED)?, &pairs, &resamples).0;
        for (done, name) in names.iter().enumerate() {
            let (figures, resampled) = figures(&read(&super::evaluate::id(name))?, &pairs, &resamples);
            out.arms.insert(name.clone(), figures);
            accuracies.insert(name.clone(), resampled);
            ctx.progress(done as u64 + 1, names.len() as u64, "arms")?;
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

/// An arm's figures, and its accuracy under each resampling.
fn figures(result: &super::evaluate::ArmResult, pairs: &Pairs, resamples: &[Resample]) -> (ArmFigures, Vec<f64>) {
    let (mut accuracy, mut eer) = (Vec::new(), Vec::new());
    let mut tar = vec![Vec::new(); FAR.len()];
    for resample in resamples {
        let of_seed = |s: &super::evaluate::SeedResult| {
            let curve = roc(&s.distances, &pairs.pairs, &resample.weight);
            let decided = verify(&s.distances, pairs, &resample.weight);
            (decided.accuracy, curve.eer, FAR.map(|far| curve.tar_at(far)))
        };
        let all: Vec<_> = result.seeds.iter().map(of_seed).collect();
        accuracy.push(mean(&all.iter().map(|x| x.0).collect::<Vec<_>>()));
        eer.push(mean(&all.iter().map(|x| x.1).collect::<Vec<_>>()));
        for (i, tar) in tar.iter_mut().enumerate() {
            tar.push(mean(&all.iter().map(|x| x.2[i]).collect::<Vec<_>>()));
        }
    }
    let figure = |of: &dyn Fn(&super::evaluate::SeedResult) -> f64, resampled: &[f64]| {
        let per_seed: Vec<f64> = result.seeds.iter().map(of).collect();
        Figure {
            mean: mean(&per_seed),
            per_seed,
            interval: interval(resampled),
        }
    };
    let figures = ArmFigures {
        accuracy: figure(&|s| s.verification.accuracy, &accuracy),
        eer: figure(&|s| s.roc.eer, &eer),
        tar: FAR
            .iter()
            .zip(&tar)
            .map(|(far, resampled)| figure(&|s| s.roc.tar_at(*far), resampled))
            .collect(),
    };
    (figures, accuracy)
}

/// Reads what the stage left.
///
/// # Errors
/// Reading failed.
pub fn read(place: &Place<'_>) -> Result<Comparison> {
    json_file::read(&place.file("compare", COMPARISON))
}
