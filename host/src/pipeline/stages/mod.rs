//! The stages of a run, one a file.

mod compare;
mod data;
mod encode;
mod evaluate;
mod evaluator;
mod figures;
mod generate;
mod metrics;
mod propose;
mod reencode;
mod report;
mod select;
mod statistics;
mod train_backbone;
mod train_denoiser;

use std::collections::BTreeMap;

use std::path::Path;

use ficta_core::Result;
use serde_json::{Map, Value, json};

use super::{Stage, verification_sets};
use crate::{
    config::{REAL, RunConfig},
    data::source::generated::later_stage,
    storage::json as json_file,
};

pub(crate) use propose::CANDIDATES;
pub(crate) use statistics::FULL as IDENTITIES;
pub(crate) use train_denoiser::{DENOISER, WEIGHTS as DENOISER_WEIGHTS};

/// Generated sets that the arms need, by the name of their identities: images for each identity.
pub(crate) fn generated_sets(config: &RunConfig) -> BTreeMap<String, usize> {
    let mut sets = BTreeMap::new();
    for arm in config.arms.values() {
        if let Some(ids) = &arm.ids {
            let images = sets.entry(ids.clone()).or_insert(0);
            *images = arm.images.max(*images);
        }
    }
    sets
}

/// Every stage of a run, each behind those it needs.
///
/// # Errors
/// Real faces or verification sets that cannot be read.
pub fn all(config: &RunConfig) -> Result<Vec<Stage>> {
    let sets = generated_sets(config);
    let (data, origin) = data::stage(config)?;
    let mut stages = vec![data, encode::stage(config), statistics::stage(config)];
    for (name, set) in &config.ids {
        stages.push(propose::stage(name, set));
        stages.push(select::stage(name, set));
    }
    if let (false, Some(denoiser), Some(sampler)) = (sets.is_empty(), &config.denoiser, &config.sampler) {
        stages.push(train_denoiser::stage(config, denoiser));
        for (ids, images) in &sets {
            stages.push(generate::stage(config, denoiser, sampler, ids, *images, &origin));
        }
        for ids in sets.keys() {
            stages.push(reencode::stage(config, ids));
        }
        stages.extend(figures::stage(config, denoiser, sampler));
    }
    let in_training = config.training.evaluation.as_ref().map(|evaluation| &evaluation.sets);
    let in_training = match in_training {
        Some(sets) => verification_sets::content("training.evaluation.sets", sets)?,
        None => Value::Null,
    };
    let in_tables = verification_sets::content("evaluation.sets", &config.evaluation.sets)?;
    for (name, arm) in &config.arms {
        for seed in 0..config.training.seeds {
            stages.push(train_backbone::stage(config, name, arm, seed, &in_training));
        }
        stages.push(evaluate::stage(config, name, &in_tables));
    }
    stages.push(evaluate::untrained(config, &in_tables));
    stages.push(compare::stage(config));
    if !sets.is_empty() {
        stages.extend(evaluator::stages(config, sets.iter()));
        stages.push(metrics::stage(config, &sets));
    }
    let before: Vec<_> = stages.iter().map(|s| s.id.clone()).collect();
    stages.push(report::stage(config, before));
    Ok(stages)
}

/// The stage that chose the identities of a set.
pub(crate) fn identities_stage(ids: &str) -> String {
    if ids == REAL {
        "statistics".into()
    } else {
        format!("select/{ids}")
    }
}

/// What the run has measured on the images of its finished stage in `folder` (`RUN/generate/SET`): each metric with its convention, threshold and
/// evaluator. Nothing where it has not come so far.
pub(crate) fn measured(folder: &Path) -> Map<String, Value> {
    let read = || {
        let folder = folder.canonicalize().ok()?;
        let set = folder.file_name()?.to_string_lossy().into_owned();
        let file = later_stage(&folder, "metrics")?.join(metrics::METRICS);
        let mut all: metrics::AllMetrics = json_file::read(&file).ok()?;
        all.sets.retain(|name, _| *name == set);
        Some(report::metrics_of(&all))
    };
    let finite = |metric: &crate::report::input::Metric| metric.value.is_finite();
    let entry = |metric: crate::report::input::Metric| {
        let mut about = json!({"value": metric.value, "convention": metric.convention, "evaluator": metric.evaluator});
        if let (Some(r), Some(fields)) = (metric.threshold, about.as_object_mut()) {
            fields.insert("threshold".into(), json!(r));
        }
        (metric.name, about)
    };
    read()
        .unwrap_or_default()
        .into_iter()
        .filter(finite)
        .map(entry)
        .collect()
}
