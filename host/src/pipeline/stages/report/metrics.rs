//! The table of metrics, each with its convention, threshold and evaluator.

use ficta_core::Result;

use super::super::{self as stages, metrics::AllMetrics};
use crate::{
    pipeline::Place,
    report::input::{Better, Metric, Unit},
    storage::json as json_file,
};

pub fn metrics(place: &Place<'_>) -> Result<Vec<Metric>> {
    let path = place.file("metrics", stages::metrics::METRICS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    Ok(of(&json_file::read(&path)?, place.seed))
}

const UNIQUENESS: &str = "ID uniqueness U";
const PRESERVATION: &str = "ID preservation P";
const RECALL: &str = "diversity D, improved recall";
const DISTANCE: &str = "diversity D, reference-free";

/// Each metric of each set. The means over identities have intervals.
pub fn of(all: &AllMetrics, seed: u64) -> Vec<Metric> {
    let calibrated = format!(
        "r where {} of {} real impostor pairs match",
        all.false_match_rate, all.impostor_pairs
    );
    let mut out = Vec::new();
    for (set, m) in &all.sets {
        let title = match set.as_str() {
            "real" => "generated, real IDs".to_owned(),
            other => other.to_owned(),
        };
        let interval = |field: &str| m.intervals.get(field).map(|i| (i.lower, i.upper));
        let mut add = |name: &str, value: Option<f64>, unit, better, convention: &str, threshold: Option<f64>| {
            let interval = match name {
                UNIQUENESS => interval("uniqueness"),
                PRESERVATION => interval("preservation"),
                RECALL => interval("recall"),
                DISTANCE => interval("distance"),
                _ => None,
            };
            out.push(Metric {
                set: title.clone(),
                name: name.into(),
                value: value.unwrap_or(f64::NAN),
                interval,
                unit,
                better,
                convention: convention.into(),
                threshold,
                // The paper measures with another network than the one that conditions; here it is the same, which flatters.
                evaluator: format!("{} (also conditions the generator)", all.evaluator),
                seed: Some(seed),
            });
        };
        let r = Some(all.threshold);
        let s = &m.separability;
        let quantile = |q: f64| {
            let mut v: Vec<f64> = m.nearest_real.iter().map(|x| f64::from(*x)).collect();
            v.sort_unstable_by(f64::total_cmp);
            v.get(((v.len() as f64 - 1.0) * q).round().max(0.0) as usize).copied()
        };
        add(
            UNIQUENESS,
            m.uniqueness,
            Unit::Percent,
            Better::Higher,
            &format!("cosine similarity of class centres, greedy ball count over all before; {calibrated}"),
            r,
        );
        add(
            PRESERVATION,
            m.preservation,
            Unit::Percent,
            Better::Higher,
            &format!("share of images with cosine above r to their class centre; {calibrated}"),
            r,
        );
        add(
            RECALL,
            m.recall,
            Unit::Percent,
            Better::Higher,
            &format!(
                "real images of the label inside the generated images' balls, k = {}, cosine distance",
                all.neighbours
            ),
            None,
        );
        add(
            DISTANCE,
            m.distance,
            Unit::Plain,
            Better::Neither,
            "mean cosine distance over pairs of images of one ID",
            None,
        );
        add(
            "FDR",
            Some(s.fdr),
            Unit::Plain,
            Better::Higher,
            "(m_g - m_i)^2 / (s_g^2 + s_i^2) over cosines of all pairs",
            None,
        );
        add(
            "EER",
            Some(s.eer),
            Unit::Percent,
            Better::Lower,
            "cosine similarity, all pairs",
            None,
        );
        add(
            "nearest other real ID, median",
            quantile(0.5),
            Unit::Plain,
            Better::Neither,
            "largest cosine of a class centre to the centre of a real ID, its own left out",
            None,
        );
        add(
            "nearest other real ID, largest",
            quantile(1.0),
            Unit::Plain,
            Better::Lower,
            "largest cosine of a class centre to the centre of a real ID, its own left out",
            None,
        );
    }
    out
}
