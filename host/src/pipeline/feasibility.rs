//! Counts of identities that a run cannot reach, said before it starts.

use ficta_core::Kind;
use serde_json::Value;

use super::{
    Plan, RunFolder, StepState, candidates::CandidateTable, geometry::nearest_real, identities::IdentityTable, stages,
};
use crate::{
    config::{IdSet, RunConfig},
    data::{People, source},
    registry::Registry,
};

/// One sentence for each set of identities whose count cannot be reached: more than its proposer has, or, once candidates are there, more
/// than lie within the selector's `threshold_real` of no real identity, which no selection can exceed.
pub fn warnings(config: &RunConfig, registry: &Registry, plan: &Plan, folder: &RunFolder) -> Vec<String> {
    let people = source::open(&config.data.path)
        .and_then(|source| People::of(&*source))
        .map(|people| people.len().saturating_sub(config.data.held_out))
        .ok();
    let up_to_date = |stage: &str| {
        let mut steps = plan.steps.iter();
        steps.any(|s| s.stage.id == stage && s.state == StepState::UpToDate)
    };
    let mut out = Vec::new();
    for (name, set) in config.ids.iter().filter(|(_, set)| set.count > 0 || set.candidates > 0) {
        let propose = format!("propose/{name}");
        if up_to_date("statistics") && up_to_date(&propose) {
            let real = folder.stage("statistics").join(stages::IDENTITIES);
            let candidates = folder.stage(&propose).join(stages::CANDIDATES);
            if let (Ok(real), Ok(candidates)) = (IdentityTable::read(&real), CandidateTable::read(&candidates)) {
                out.extend(by_candidates(name, set, registry, &candidates, &real));
                continue;
            }
        }
        out.extend(people.and_then(|people| by_pairs(name, set, registry, people)));
    }
    out
}

/// What the proposer can make of so many people.
fn by_pairs(name: &str, set: &IdSet, registry: &Registry, people: usize) -> Option<String> {
    let proposer = registry.proposer(&set.proposer.plugin, &set.proposer.params).ok()?;
    match proposer.count(people, set.candidates) {
        Err(e) => Some(format!("ids.{name}: {}", e.message())),
        Ok(k) if k < set.count => Some(format!(
            "ids.{name}.count is {}, but `{}` makes {k} candidates of {people} real identities: ask for more (ids.{name}.candidates), \
             lower the count, or use more real identities",
            set.count, set.proposer.plugin
        )),
        Ok(_) => None,
    }
}

/// What the candidates that are there leave at the threshold.
fn by_candidates(
    name: &str,
    set: &IdSet,
    registry: &Registry,
    candidates: &CandidateTable,
    real: &IdentityTable,
) -> Option<String> {
    let threshold = threshold_real(set, registry)?;
    let mut nearest = nearest_real(candidates, real).ok()?;
    nearest.sort_unstable_by(f64::total_cmp);
    let room = nearest.partition_point(|c| *c <= threshold);
    if room >= set.count {
        return None;
    }
    let enough = match nearest.get(set.count - 1) {
        Some(needed) => format!(
            "a threshold_real of {:.3} would leave as many",
            (needed * 1000.0).ceil() / 1000.0
        ),
        None => format!("there are only {} candidates", nearest.len()),
    };
    Some(format!(
        "ids.{name}.count is {}, but only {room} of {} candidates have a cosine of at most {threshold} (threshold_real) to every real \
         identity, so no selection can give more: {enough}",
        set.count,
        nearest.len()
    ))
}

/// The selector's threshold on the cosine to real identities: as configured, else its schema's default.
fn threshold_real(set: &IdSet, registry: &Registry) -> Option<f64> {
    const KEY: &str = "threshold_real";
    if let Some(given) = set.selector.params.get(KEY) {
        return given.as_f64();
    }
    let entry = registry.find(Kind::SELECTOR, &set.selector.plugin).ok()?;
    let schema: Value = serde_json::from_str(&entry.component.params_schema).ok()?;
    schema["properties"][KEY]["default"].as_f64()
}
