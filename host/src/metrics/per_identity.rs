use ficta_core::Result;

use super::{ClassCenters, Identified, SetMeasures};
use crate::{similarity::Neighbour, storage::Table};

/// One row an identity of a set that was measured beside real identities of the labels `real`.
///
/// # Errors
/// None that well-formed input can give.
pub fn per_identity(set: &Identified, centers: &ClassCenters, real: &[i64], measures: &SetMeasures) -> Result<Table> {
    let label = |of: &[Option<Neighbour>], labels: &[i64]| {
        let one = |n: &Option<Neighbour>| n.map_or(-1, |n| labels[n.row]);
        of.iter().map(one).collect::<Vec<i64>>()
    };
    let before: Vec<f64> = measures
        .before
        .iter()
        .map(|b| b.map_or(f64::NAN, |b| b.cosine))
        .collect();
    let genuine: Vec<f64> = measures.distance.iter().map(|d| 1.0 - d).collect();
    Table::new()
        .with("label", set.label.clone())?
        .with("images", centers.count.clone())?
        .with(
            "unique",
            measures.unique.iter().map(|u| *u > 0.0).collect::<Vec<bool>>(),
        )?
        .with("nearest_before", label(&measures.before, &set.label))?
        .with("nearest_before_cosine", before)?
        .with("nearest_real", label(&measures.nearest_real, real))?
        .with("nearest_real_cosine", measures.nearest_real_cosines())?
        .with("preservation", measures.preserved.clone())?
        .with("distance", measures.distance.clone())?
        .with("genuine_mean", genuine)?
        .with("recall", measures.recall.clone())
}
