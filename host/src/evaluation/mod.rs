//! Verification of held-out people.

mod bootstrap;
mod folds;
mod pairs;
mod roc;
mod verification;

pub use bootstrap::{Interval, Resample, interval, paired_difference};
pub use pairs::{Pair, Pairs, make_pairs};
pub use roc::{Roc, roc};
pub use verification::{Verification, distances, flip_sum, verify};
