//! Metrics of a set of images in an evaluator's feature space. The names U, P and D are the paper's, the formulas those of DCFace (Kim et
//! al. 2023) and other peers. Features are unit length everywhere here; similarities are cosines.

mod bootstrap;
mod calibrate;
mod centers;
mod cosines;
mod diversity;
mod frechet;
mod measure;
mod preservation;
mod sampled;
mod separability;
mod uniqueness;

pub use bootstrap::{RESAMPLINGS, mean_interval};
pub use calibrate::threshold_at_false_match_rate;
pub use centers::{ClassCenters, Identified};
pub use cosines::{Cosines, cosine};
pub use diversity::{improved_recall, improved_recall_of_each, mean_pairwise_distance, pairwise_distance_of_each};
pub use frechet::frechet_distance;
pub use measure::{Measure, Measured, MeasuredSet, measure};
pub use preservation::{preservation, preservation_of_each};
pub use sampled::{Sampled, impostors_between};
pub use separability::{Separability, separability};
pub use uniqueness::{nearest_before, uniqueness, uniqueness_of_each};

/// Mean of the values that are no NaN; NaN without any.
pub(crate) fn mean_of_known(values: &[f64]) -> f64 {
    let known = || values.iter().filter(|v| !v.is_nan());
    known().sum::<f64>() / known().count() as f64
}
