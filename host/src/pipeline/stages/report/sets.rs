//! One row an arm of generated images: how its identities were chosen, what they are like, and what they teach.

use ficta_core::Result;

use super::super as stages;
use crate::{
    config::{REAL, RunConfig},
    evaluation::Interval,
    pipeline::{Place, candidates::CandidateTable},
    storage::{Table, json as json_file},
};

/// Arms of generated images alone, in order of their names; `None` where there are none.
pub fn sets(config: &RunConfig, place: &Place<'_>) -> Result<Option<Table>> {
    let path = place.file("metrics", stages::metrics::METRICS);
    let arms: Vec<_> = config
        .arms
        .iter()
        .filter_map(|(name, arm)| Some((name, arm.ids.as_ref().filter(|_| !arm.real)?, arm.images)))
        .collect();
    if arms.is_empty() || !path.exists() {
        return Ok(None);
    }
    let all: stages::metrics::AllMetrics = json_file::read(&path)?;
    let compared = stages::compare::read(place)?;
    let rows = |stage: String, file: &str| -> Result<i64> {
        Ok(CandidateTable::read(&place.file(&stage, file))?.len() as i64)
    };
    let (mut candidates, mut survivors) = (Vec::new(), Vec::new());
    for (_, ids, _) in &arms {
        let real = *ids == REAL;
        candidates.push(if real {
            -1
        } else {
            rows(format!("propose/{ids}"), stages::propose::CANDIDATES)?
        });
        survivors.push(if real {
            -1
        } else {
            rows(format!("select/{ids}"), stages::select::SELECTED)?
        });
    }
    let of_set = |get: &dyn Fn(&stages::metrics::SetMetrics) -> Option<f64>| {
        let value = |ids: &String| all.sets.get(ids).and_then(get).unwrap_or(f64::NAN);
        arms.iter().map(|(_, ids, _)| value(ids)).collect::<Vec<f64>>()
    };
    let accuracy = |get: &dyn Fn(f64, Option<Interval>) -> f64| {
        let value = |name: &String| {
            let figure = compared.arms.get(name).map(|figures| &figures.average);
            figure.map_or(f64::NAN, |figure| get(figure.mean, figure.interval))
        };
        arms.iter().map(|(name, _, _)| value(name)).collect::<Vec<f64>>()
    };
    let largest = |m: &stages::metrics::SetMetrics| {
        m.nearest_real
            .iter()
            .copied()
            .fold(None, |l: Option<f32>, x| Some(l.map_or(x, |l| l.max(x))))
    };
    let table = Table::new()
        .with(
            "arm",
            arms.iter().map(|(name, _, _)| (*name).clone()).collect::<Vec<_>>(),
        )?
        .with("ids", arms.iter().map(|(_, ids, _)| (*ids).clone()).collect::<Vec<_>>())?
        .with(
            "images_per_id",
            arms.iter().map(|(_, _, images)| *images as i64).collect::<Vec<_>>(),
        )?
        .with("candidates", candidates)?
        .with("survivors", survivors)?
        .with(
            "used",
            arms.iter()
                .map(|(_, ids, _)| all.sets.get(*ids).map_or(-1, |m| m.identities as i64))
                .collect::<Vec<_>>(),
        )?
        .with("U", of_set(&|m| m.uniqueness))?
        .with("U_lower", of_set(&|m| bound(m, "uniqueness", |i| i.lower)))?
        .with("U_upper", of_set(&|m| bound(m, "uniqueness", |i| i.upper)))?
        .with("P", of_set(&|m| m.preservation))?
        .with("P_lower", of_set(&|m| bound(m, "preservation", |i| i.lower)))?
        .with("P_upper", of_set(&|m| bound(m, "preservation", |i| i.upper)))?
        .with("D_recall", of_set(&|m| m.recall))?
        .with("D_recall_lower", of_set(&|m| bound(m, "recall", |i| i.lower)))?
        .with("D_recall_upper", of_set(&|m| bound(m, "recall", |i| i.upper)))?
        .with("D_distance", of_set(&|m| m.distance))?
        .with("D_distance_lower", of_set(&|m| bound(m, "distance", |i| i.lower)))?
        .with("D_distance_upper", of_set(&|m| bound(m, "distance", |i| i.upper)))?
        .with("nearest_real_largest", of_set(&|m| largest(m).map(f64::from)))?
        .with("accuracy", accuracy(&|mean, _| mean))?
        .with("accuracy_lower", accuracy(&|_, i| i.map_or(f64::NAN, |i| i.lower)))?
        .with("accuracy_upper", accuracy(&|_, i| i.map_or(f64::NAN, |i| i.upper)))?;
    Ok(Some(table))
}

/// One end of a metric's interval.
fn bound(of: &stages::metrics::SetMetrics, field: &str, end: fn(&Interval) -> f64) -> Option<f64> {
    of.intervals.get(field).map(end)
}
