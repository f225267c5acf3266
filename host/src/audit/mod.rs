//! The leakage audit: does a fictional person look like a real one?
//!
//! Three levels: centre against centre, image against centre, image against image. Each has its own cosine threshold, calibrated at a
//! stated false-match rate on pairs of different real people at the same level. How many real people come as near to another real person
//! is counted beside it: at a false-match rate above 0 some do by chance.

mod finding;
mod level;
mod party;
mod sheet;
mod verdict;

pub use finding::{Finding, Match, Settings, audit};
pub use level::Level;
pub use party::Party;
pub use sheet::{Album, sheet};
pub use verdict::Verdict;
