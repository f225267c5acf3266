//! The table of arms and the claims.

use ficta_core::Result;

use super::{super as stages, People};
use crate::{
    config::{Arm as ArmConfig, REAL, RunConfig},
    pipeline::{Place, training_evaluation::Selected},
    report::input::{Arm, Arms, Authenticity, Better, Claim, Comparison, Estimate, SetResult, Unit},
    storage::json as json_file,
};

/// Name of the one verification set of a run on held-out people.
pub const SET: &str = "held-out people";

fn authenticity(arm: &ArmConfig) -> Authenticity {
    match (&arm.ids, arm.real) {
        (None, _) => Authenticity::Real,
        (Some(_), true) => Authenticity::Mixed,
        (Some(ids), false) if ids == REAL => Authenticity::SyntheticReal,
        (Some(_), false) => Authenticity::Fictional,
    }
}

fn estimate(figure: &stages::compare::Figure) -> Estimate {
    Estimate {
        mean: figure.mean,
        interval: figure.interval.map(|i| (i.lower, i.upper)),
        per_seed: figure.per_seed.clone(),
    }
}

pub fn arms(config: &RunConfig, place: &Place<'_>, people: &People) -> Result<Arms> {
    let comparison = stages::compare::read(place)?;
    let reference = stages::compare::reference(config).cloned();
    let mut rows = Vec::new();
    for (name, arm) in &config.arms {
        let result: stages::evaluate::ArmResult =
            json_file::read(&place.file(&stages::evaluate::id(name), stages::evaluate::RESULT))?;
        let figures = &comparison.arms[name];
        let average = estimate(&figures.accuracy);
        let against = reference.as_ref().and_then(|r| {
            comparison
                .differences
                .get(&stages::compare::difference(name, r))
                .copied()
                .flatten()
        });
        rows.push(Arm {
            name: name.clone(),
            authenticity: authenticity(arm),
            ids: result.classes as u64,
            images_per_id: result.images as f64 / result.classes.max(1) as f64,
            optimizer_steps: config.training.steps as u64,
            seeds: (0..config.training.seeds as u64).collect(),
            sets: vec![SetResult {
                accuracy: average.clone(),
                tar: figures.tar.iter().map(estimate).collect(),
                eer: estimate(&figures.eer),
            }],
            average,
            difference_interval: against.map(|i| (i.lower, i.upper)),
            selected: result.selected.iter().map(Selected::caution).collect(),
        });
    }
    rows.sort_by_key(|arm| match arm.authenticity {
        Authenticity::Real => 0,
        Authenticity::SyntheticReal => 1,
        Authenticity::Fictional => 2,
        Authenticity::Mixed => 3,
    });
    let folds = match comparison.rounds {
        1 => format!("{} folds that share no person", comparison.folds),
        rounds => format!(
            "drawn in {rounds} rounds and dealt each time to {} folds that share no person ({} folds in all)",
            comparison.folds,
            rounds * comparison.folds
        ),
    };
    Ok(Arms {
        sets: vec![SET.into()],
        far: stages::compare::FAR.to_vec(),
        reference,
        rows,
        interval_method: format!(
            "95% percentile bootstrap over the held-out people ({} resamplings), of the mean over seeds",
            comparison.resamplings
        ),
        protocol: format!(
            "{} held-out people, {} genuine and {} impostor pairs, {}; embeddings of image and mirror \
             image summed, squared Euclidean distance, threshold of the other folds of the round (InsightFace's protocol)",
            people.held_out.len(),
            comparison.pairs.0 / comparison.rounds,
            comparison.pairs.1 / comparison.rounds,
            folds
        ),
        notes: vec![untrained_note(&comparison.untrained.accuracy)],
    })
}

fn untrained_note(accuracy: &stages::compare::Figure) -> String {
    let interval = accuracy.interval.map_or(String::new(), |i| {
        format!(" [{:.2}, {:.2}]", 100.0 * i.lower, 100.0 * i.upper)
    });
    format!(
        "the backbone before any training, with the same weights as each training starts from, verifies at {:.2}%{interval}: only what \
         an arm reaches above that was learnt from its training set",
        100.0 * accuracy.mean
    )
}

pub fn claims(config: &RunConfig, place: &Place<'_>) -> Result<Vec<Claim>> {
    let comparison = stages::compare::read(place)?;
    let accuracy = |arm: &String| (arm.clone(), comparison.arms[arm].accuracy.mean);
    let claims = config.claims.values().map(|claim| {
        let (first, second) = (accuracy(&claim.first), accuracy(&claim.second));
        let key = stages::compare::difference(&claim.first, &claim.second);
        Claim {
            title: claim.title.clone(),
            expectation: claim.expectation.clone(),
            comparisons: vec![Comparison {
                measure: "verification accuracy".into(),
                unit: Unit::Percent,
                better: Better::Higher,
                difference: first.1 - second.1,
                first,
                second,
                interval: comparison
                    .differences
                    .get(&key)
                    .copied()
                    .flatten()
                    .map(|i| (i.lower, i.upper)),
            }],
        }
    });
    Ok(claims.collect())
}
