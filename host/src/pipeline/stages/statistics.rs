//! statistics: mean and variance of each real identity.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    config::RunConfig,
    features::FeatureTable,
    pipeline::{Place, Stage, identities::IdentityTable},
    storage::json as json_file,
};

/// Identities from the images at full size: what fictional identities are made of and generators are conditioned on.
pub const FULL: &str = "identities.safetensors";
/// Identities from the images at the size of generated ones: what generated images are compared with.
pub const SMALL: &str = "identities-generated-size.safetensors";

pub fn stage(config: &RunConfig) -> Stage {
    let settings = config.statistics.clone();
    let work = move |place: &Place<'_>| {
        let mut reports = BTreeMap::new();
        for (features, out) in [(super::encode::FULL, FULL), (super::encode::SMALL, SMALL)] {
            let path = place.file("encode", features);
            let file = FeatureTable::read(&path)?;
            let (table, how) = IdentityTable::describe(&file, &settings).map_err(|e| e.context(path.display()))?;
            place.host.say(&format!("statistics of {features}: {how}"));
            reports.insert(out, how);
            table.write(&place.dir.join(out))?;
        }
        json_file::write(&place.dir.join("statistics.json"), &reports)
    };
    Stage::new(
        "statistics",
        vec!["encode".into()],
        json!(config.statistics),
        Box::new(work),
    )
}
