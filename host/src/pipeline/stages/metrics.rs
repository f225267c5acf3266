//! metrics: what the generated sets are like, in the encoder's feature space at the size of generated images.

mod results;

use std::collections::BTreeMap;

use ficta_core::Result;
use serde_json::json;

pub use self::results::{AllMetrics, METRICS, PHOTOGRAPHS, SetMetrics};
use crate::{
    config::{REAL, RunConfig},
    metrics::{Identified, People, Sampled, SetMeasures, Subject, calibrate},
    pipeline::{Place, Stage, identities::IdentityTable, matrix::Matrix},
    statistics::unit_features,
    storage::{Tensors, json as json_file},
};

pub fn stage(config: &RunConfig, sets: &BTreeMap<String, usize>) -> Stage {
    let (settings, names) = (config.metrics.clone(), sets.keys().cloned().collect::<Vec<_>>());
    let work = move |place: &Place<'_>| {
        let (seed, ctx) = (place.seed, place.ctx());
        let real = IdentityTable::read(&place.file("statistics", super::statistics::SMALL))?;
        let center = real.center.as_deref();
        let (unit, labels) = features(place, "encode", super::encode::SMALL, center)?;
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
            let stage = format!("reencode/{name}");
            let (unit, labels) = features(place, &stage, super::reencode::FEATURES, center)?;
            let tensors = Tensors::read(&place.file(&stage, super::reencode::CENTERS))?;
            let (mean, [rows, cols]) = tensors.get::<f32, 2>("mean")?;
            let own = Matrix::new(mean.to_vec(), rows, cols)?.normalised("centre of generated identity")?;
            // The set that is trained on: without what a second selection has dropped.
            let kept = super::reencode::kept(place, name)?;
            let (unit, labels) = of_kept(&unit, &labels, &kept);
            let set = Subject {
                features: &Identified::new(unit, &labels)?,
                centers: &own.select(&kept),
            };
            let people = if name == REAL { People::Same } else { People::Others };
            let pairs = Sampled::of(set.features, settings.pairs, seed, &ctx)?;
            let measures =
                SetMeasures::of(set, &pairs, (photographs, people), with, &ctx).map_err(|e| e.context(&stage))?;
            all.insert(name.clone(), SetMetrics::of(&measures, &pairs.cosines, seed));
        }
        let evaluator: serde_json::Value = json_file::read(&place.file("encode", "encoder.json"))?;
        let out = AllMetrics {
            threshold: r,
            calibration,
            neighbours: settings.neighbours,
            pairs: settings.pairs,
            evaluator: evaluator["description"].as_str().unwrap_or_default().to_owned(),
            sets: all,
        };
        json_file::write(&place.dir.join(METRICS), &out)
    };
    let mut inputs = vec!["encode".into(), "statistics".into()];
    inputs.extend(sets.keys().map(|ids| format!("reencode/{ids}")));
    Stage::new("metrics", inputs, json!(config.metrics), Box::new(work))
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
