//! `[figures]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::IdSet;

/// `[figures]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FiguresConfig {
    /// The set of figures 1 to 3; the first by name where it is not given.
    pub set: Option<String>,
    /// The set that shows figure 1's identities without variance; none where it is not given.
    pub without_variance: Option<String>,
}

impl FiguresConfig {
    /// The sets to show, where there are any.
    pub fn sets(&self, ids: &BTreeMap<String, IdSet>) -> Option<(String, Option<String>)> {
        let with = self.set.clone().or_else(|| ids.keys().next().cloned())?;
        Some((with, self.without_variance.clone()))
    }
}
