//! `[ids.NAME]`.

use serde::{Deserialize, Serialize};

use super::ComponentChoice;

/// `[ids.NAME]`: candidates, and those that stay.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdSet {
    /// Makes candidates.
    pub proposer: ComponentChoice,
    /// How many candidates to ask for; 0 for all that there are.
    #[serde(default)]
    pub candidates: usize,
    /// Decides which stay.
    pub selector: ComponentChoice,
    /// How many selected identities images are made for, in order of selection; 0 for all.
    #[serde(default)]
    pub count: usize,
    /// A second selection on the centres of the generated images.
    #[serde(default)]
    pub second_selector: Option<ComponentChoice>,
}
