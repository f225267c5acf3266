//! Metrics of a set of images in an evaluator's feature space. The names U, P and D are the paper's, the formulas those of DCFace (Kim et
//! al. 2023) and other peers. Features are unit length everywhere here; similarities are cosines.

mod calibrate;
mod cosines;
mod diversity;
mod preservation;
mod separability;
mod uniqueness;

pub use calibrate::threshold_at_false_match_rate;
pub use cosines::{Cosines, cosine};
pub use diversity::{improved_recall, mean_pairwise_distance};
pub use preservation::preservation;
pub use separability::{Separability, separability};
pub use uniqueness::uniqueness;
