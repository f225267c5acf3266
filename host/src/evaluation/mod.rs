//! Verification: of held-out people, and on verification sets.

mod bootstrap;
mod cross_validation;
mod embed;
mod features;
mod folds;
mod measures;
mod network;
pub mod outcome;
mod pair_bootstrap;
mod paired;
mod pairs;
mod protocol;
mod roc;
mod sampled_pairs;
pub mod set;
mod thresholds;
mod val;
mod verification;

pub use bootstrap::{Interval, Resample, interval, paired_difference};
pub use embed::{Embedded, embed};
pub use features::Features;
pub use measures::{Answers, Measures, TarAtFar, measure};
pub use network::Network;
pub use outcome::{Comparison, Evaluation, Reference, SetOutcome};
pub use pair_bootstrap::PairBootstrap;
pub use paired::{Difference, Duel, compare};
pub use pairs::{Pair, Pairs, make_pairs};
pub use protocol::Protocol;
pub use roc::{Roc, roc};
pub use sampled_pairs::{PairCounts, sample_pairs};
pub use set::VerificationSet;
pub use val::Val;
pub use verification::{Verification, distances, flip_sum, verify};

#[cfg(test)]
mod tests;
