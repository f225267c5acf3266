//! `[arms.NAME]` and `[claims.NAME]`.

use serde::{Deserialize, Serialize};

/// `[arms.NAME]`: one training set of the comparison.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Whether the real images belong to it.
    #[serde(default)]
    pub real: bool,
    /// A set of identities whose generated images belong to it: `real` for the real ones, or a name under `[ids]`.
    #[serde(default)]
    pub ids: Option<String>,
    /// Generated images for each identity.
    #[serde(default)]
    pub images: usize,
    /// Optimizer steps, in place of `training.steps`: so many epochs of a larger set take more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
}

/// `[claims.NAME]`: the difference `first` - `second`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What is compared, in words.
    pub title: String,
    /// What is expected, and by whom.
    #[serde(default)]
    pub expectation: String,
    /// An arm.
    pub first: String,
    /// The arm it is compared with.
    pub second: String,
}

/// The name that stands for the real identities.
pub const REAL: &str = "real";
