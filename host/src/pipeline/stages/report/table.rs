//! The table of arms and the claims.

use ficta_core::Result;

use super::{super as stages, People};
use crate::{
    config::{Arm as ArmConfig, EvaluationConfig, REAL, RunConfig},
    pipeline::{Place, training_evaluation::Selected},
    report::input::{Arm, Arms, Authenticity, Better, Claim, Comparison, Estimate, SetResult, Unit},
    storage::json as json_file,
};

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
            optimizer_steps: config.training.of(arm).steps as u64,
            seeds: (0..config.training.seeds as u64).collect(),
            sets: figures
                .held_out
                .iter()
                .chain(figures.sets.values())
                .map(set_result)
                .collect(),
            average: estimate(&figures.average),
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
    let named: Vec<String> = config.evaluation.sets.keys().cloned().collect();
    let (mut sets, mut protocol, mut intervals) = (Vec::new(), Vec::new(), Vec::new());
    if comparison.rounds > 0 {
        sets.push(EvaluationConfig::HELD_OUT.to_owned());
        protocol.push(people_protocol(&comparison, people));
        intervals.push(format!(
            "over the held-out people ({} resamplings)",
            comparison.resamplings
        ));
    }
    if !named.is_empty() {
        sets.extend(named.iter().cloned());
        protocol.push(format!("{}: their own pairs and folds", named.join(", ")));
        intervals.push(format!(
            "of the other sets, Avg and Difference over pairs within folds ({} resamplings), pairs taken as independent",
            comparison.set_resamplings
        ));
    }
    protocol.push(
        "embeddings of image and mirror image summed, squared Euclidean distance, threshold of the other folds (InsightFace's protocol)".into(),
    );
    let mut notes = vec![untrained_note(&comparison.untrained)];
    notes.extend(comparison.scaled_images.iter().map(|(set, images)| {
        format!(
            "{images} images of {set} were scaled to the backbone's {0} x {0} px",
            config.data.size
        )
    }));
    Ok(Arms {
        sets,
        averaged: named,
        far: stages::compare::FAR.to_vec(),
        reference,
        rows,
        interval_method: format!(
            "95% percentile bootstrap {}, of the mean over seeds",
            intervals.join("; ")
        ),
        protocol: protocol.join("; "),
        notes,
    })
}

fn people_protocol(comparison: &stages::compare::Comparison, people: &People) -> String {
    let folds = match comparison.rounds {
        1 => format!("{} folds that share no person", comparison.folds),
        rounds => format!(
            "drawn in {rounds} rounds and dealt each time to {} folds that share no person ({} folds in all)",
            comparison.folds,
            rounds * comparison.folds
        ),
    };
    format!(
        "{} held-out people, {} genuine and {} impostor pairs, {folds}",
        people.held_out.len(),
        comparison.pairs.0 / comparison.rounds,
        comparison.pairs.1 / comparison.rounds,
    )
}

fn set_result(figures: &stages::compare::SetFigures) -> SetResult {
    let tar = |figure: &Option<stages::compare::Figure>| figure.as_ref().map_or_else(Estimate::unknown, estimate);
    SetResult {
        accuracy: estimate(&figures.accuracy),
        tar: figures.tar.iter().map(tar).collect(),
        eer: estimate(&figures.eer),
    }
}

fn untrained_note(untrained: &stages::compare::ArmFigures) -> String {
    let percent = |figure: &stages::compare::Figure| {
        let interval = figure.interval.map_or(String::new(), |i| {
            format!(" [{:.2}, {:.2}]", 100.0 * i.lower, 100.0 * i.upper)
        });
        format!("{:.2}%{interval}", 100.0 * figure.mean)
    };
    let people = untrained.held_out.iter().map(|on| (EvaluationConfig::HELD_OUT, on));
    let sets = untrained.sets.iter().map(|(name, on)| (name.as_str(), on));
    let each: Vec<String> = people
        .chain(sets)
        .map(|(name, on)| format!("{name} at {}", percent(&on.accuracy)))
        .collect();
    format!(
        "the backbone before any training, with the same weights as each training starts from, verifies {}: only what \
         an arm reaches above that was learnt from its training set",
        each.join(", ")
    )
}

pub fn claims(config: &RunConfig, place: &Place<'_>) -> Result<Vec<Claim>> {
    let comparison = stages::compare::read(place)?;
    let accuracy = |arm: &String| (arm.clone(), comparison.arms[arm].average.mean);
    let measure = match config.evaluation.sets.is_empty() {
        true => "verification accuracy",
        false => "mean verification accuracy over the sets",
    };
    let claims = config.claims.values().map(|claim| {
        let (first, second) = (accuracy(&claim.first), accuracy(&claim.second));
        let key = stages::compare::difference(&claim.first, &claim.second);
        Claim {
            title: claim.title.clone(),
            expectation: claim.expectation.clone(),
            comparisons: vec![Comparison {
                measure: measure.into(),
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
