//! statistics: mean and variance of each real identity.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    config::RunConfig,
    pipeline::{Place, Stage, identities::IdentityTable, matrix::Matrix},
    statistics::describe,
    storage::{Tensors, json as json_file},
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
            let file = Tensors::read(&path)?;
            let (raw, [n, dim]) = file.get::<f32, 2>("feature")?;
            let labels = file.get_shaped::<i64>("label", &[n])?;
            let (s, centring) = describe(raw, dim, labels, &settings).map_err(|e| e.context(path.display()))?;
            place.host.say(&format!(
                "statistics of {features}: mean impostor cosine {:.3}, {}; pooled variance {:.3}, shrinkage {:.1}",
                centring.impostor_before,
                if centring.applied {
                    format!("centred: {:.3}", centring.impostor_after)
                } else {
                    "not centred".into()
                },
                s.pooled_variance,
                s.shrinkage,
            ));
            reports.insert(
                out,
                json!({"centring": centring, "pooled_variance": s.pooled_variance, "shrinkage": s.shrinkage}),
            );
            let m = s.label.len();
            let table = IdentityTable {
                mean: Matrix::new(s.mean, m, dim)?,
                variance: s.variance,
                variance_per_dim: Matrix::new(s.variance_per_dim, m, dim)?,
                count: s.count,
                label: s.label,
                center: s.center,
            };
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
