//! Statistics of identities in a feature space. All of it is our reconstruction; the paper's supplement says only that identities have
//! an average variance.
//!
//! Features are divided by their length, optionally centred and divided again. Of an identity's n unit features f: mean
//! mu = mean(f), kept un-normalised; total variance V = 1 - |mu|^2 (exact for unit features); variance of a dimension
//! v_k = mean((f_k - mu_k)^2), so that V is their sum.

mod centring;
mod config;
mod describe;
mod spread;

pub use centring::{CentringReport, unit_features};
pub use config::{Centre, Shrinkage, StatisticsConfig};
pub use describe::{IdStatistics, describe};
pub use spread::{Spread, spread};
