//! Metrics of a set of images in an evaluator's feature space. The names U, P and D are the paper's, the formulas those of DCFace (Kim et
//! al. 2023) and other peers. Features are unit length everywhere here; similarities are cosines.

mod bootstrap;
mod calibrate;
mod centers;
mod cosines;
mod diversity;
mod frechet;
mod measure;
mod per_identity;
mod preservation;
mod quantity;
mod rounds;
mod sampled;
mod separability;
mod set_measures;
mod settings;
mod uniqueness;

pub use bootstrap::{RESAMPLINGS, mean_interval};
pub use calibrate::{Calibration, calibrate, threshold_at_false_match_rate};
pub use centers::{ClassCenters, Identified};
pub use cosines::{Cosines, cosine};
pub use diversity::{improved_recall_of_each, pairwise_distance_of_each};
pub use frechet::frechet_distance;
pub use measure::{Measured, MeasuredSet, measure};
pub use per_identity::per_identity;
pub use preservation::preservation_of_each;
pub use quantity::{Conventions, Quantity};
pub use sampled::{PairsTaken, Sampled, impostors_between};
pub use separability::{Separability, separability};
pub use set_measures::{People, SetMeasures, Subject, largest, middle};
pub use settings::Measure;
pub use uniqueness::{nearest_before, uniqueness_of_each};

/// Mean of the values that are no NaN; NaN without any.
pub(crate) fn mean_of_known(values: &[f64]) -> f64 {
    let known = || values.iter().filter(|v| !v.is_nan());
    known().sum::<f64>() / known().count() as f64
}
