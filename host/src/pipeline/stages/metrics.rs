//! metrics: what the generated sets are like, in an evaluator's feature space at the size of generated images. The evaluator is the run's
//! encoder, or the network that `[metrics]` names.

mod results;

use std::collections::BTreeMap;

use ficta_core::Result;
use serde_json::json;

pub use self::results::{AllMetrics, METRICS, PHOTOGRAPHS, SetMetrics};
use crate::{
    config::{REAL, RunConfig},
    features::FeatureTable,
    metrics::{Identified, People, Sampled, SetMeasures, Subject, calibrate},
    pipeline::{Place, Stage, identities::IdentityTable, matrix::Matrix},
    statistics::{StatisticsConfig, unit_features},
    storage::{Tensors, json as json_file},
};

pub fn stage(config: &RunConfig, sets: &BTreeMap<String, usize>) -> Stage {
    let (settings, names) = (config.metrics.clone(), sets.keys().cloned().collect::<Vec<_>>());
    let (statistics, another) = (config.statistics.clone(), config.evaluator().is_some());
    let work = move |place: &Place<'_>| {
        let (seed, ctx) = (place.seed, place.ctx());
        let of_real = if another {
            super::evaluator::REAL_FACES
        } else {
            "encode"
        };
        let (real, evaluator) = real_identities(place, of_real, another.then_some(&statistics))?;
        let center = real.center.as_deref();
        let (unit, labels) = features(place, of_real, super::encode::SMALL, center)?;
        let photographs = Subject {
            features: &Identified::new(unit, &labels)?,
            centers: &real.mean.normalised("mean of identity")?,
        };
        let pairs = Sampled::of(photographs.features, settings.pairs, seed, &ctx)?;
        let (r, calibration) = calibrate(&pairs, settings.false_match_rate)?;
        let with = (r, settings.neighbours);
        let of_photographs = SetMeasures::of(photographs, &pairs, (photographs, People::Themselves), with, &ctx)?;
        let mut all = BTreeMap::new();
        all.insert(
            PHOTOGRAPHS.into(),
            SetMetrics::of(&of_photographs, &pairs.cosines, seed),
        );
        drop(pairs);
        for name in &names {
            let stage = match another {
                true => super::evaluator::id(name),
                false => format!("reencode/{name}"),
            };
            let (unit, labels) = features(place, &stage, super::reencode::FEATURES, center)?;
            // The set that is trained on: without what a second selection has dropped.
            let kept = super::reencode::kept(place, name)?;
            let (unit, labels) = of_kept(&unit, &labels, &kept);
            let identified = Identified::new(unit, &labels)?;
            let set = Subject {
                features: &identified,
                centers: &match another {
                    true => identified.centers().map_err(|e| e.context(&stage))?.unit,
                    false => super::reencode::unit_centers(place, name)?.select(&kept),
                },
            };
            let people = if name == REAL { People::Same } else { People::Others };
            let pairs = Sampled::of(set.features, settings.pairs, seed, &ctx)?;
            let measures =
                SetMeasures::of(set, &pairs, (photographs, people), with, &ctx).map_err(|e| e.context(&stage))?;
            all.insert(name.clone(), SetMetrics::of(&measures, &pairs.cosines, seed));
        }
        let out = AllMetrics {
            threshold: r,
            calibration,
            neighbours: settings.neighbours,
            pairs: settings.pairs,
            evaluator,
            also_conditions: !another,
            sets: all,
        };
        json_file::write(&place.dir.join(METRICS), &out)
    };
    let (mut inputs, mut params) = (Vec::new(), json!({"metrics": config.metrics}));
    if another {
        inputs.push(super::evaluator::REAL_FACES.into());
        inputs.extend(sets.keys().map(|ids| super::evaluator::id(ids)));
        params["statistics"] = json!(config.statistics);
    } else {
        inputs.extend(["encode".into(), "statistics".into()]);
    }
    inputs.extend(sets.keys().map(|ids| format!("reencode/{ids}")));
    Stage::new("metrics", inputs, params, Box::new(work))
}

/// The real identities in the evaluator's space, and what the evaluator is. Another network than the run's encoder has its own statistics.
fn real_identities(
    place: &Place<'_>,
    stage: &str,
    another: Option<&StatisticsConfig>,
) -> Result<(IdentityTable, String)> {
    let evaluator = super::encode::description(place, stage)?;
    let Some(settings) = another else {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::SMALL))?;
        return Ok((real, evaluator));
    };
    let path = place.file(stage, super::encode::SMALL);
    let (real, how) =
        IdentityTable::describe(&FeatureTable::read(&path)?, settings).map_err(|e| e.context(path.display()))?;
    place.host.say(&format!("the evaluator's statistics: {how}"));
    let centred = if how.centring.applied { "centred" } else { "not centred" };
    Ok((real, format!("{evaluator}, {centred}")))
}

fn features(place: &Place<'_>, stage: &str, file: &str, center: Option<&[f32]>) -> Result<(Matrix, Vec<i64>)> {
    let tensors = Tensors::read(&place.file(stage, file))?;
    let (raw, [n, d]) = tensors.get::<f32, 2>("feature")?;
    let labels = tensors.get_shaped::<i64>("label", &[n])?.to_vec();
    Ok((Matrix::new(unit_features(raw, d, center)?, n, d)?, labels))
}

/// The images of the identities in `kept`, which ascends; labels count these identities from 0.
fn of_kept(unit: &Matrix, labels: &[i64], kept: &[usize]) -> (Matrix, Vec<i64>) {
    let place = |label: i64| kept.binary_search(&usize::try_from(label).ok()?).ok();
    let (rows, labels): (Vec<usize>, Vec<i64>) = labels
        .iter()
        .enumerate()
        .filter_map(|(row, label)| Some((row, place(*label)? as i64)))
        .unzip();
    (unit.select(&rows), labels)
}

#[cfg(test)]
mod tests;
