use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the mean of the set's unit features is subtracted from every feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// Where the mean cosine between images of different identities exceeds [`StatisticsConfig::auto_above`].
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// How variances of identities with few images are drawn toward the pooled one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shrinkage {
    /// Prior strength estimated from the spread of the identities' variances; see [`super::spread`].
    #[default]
    Auto,
    /// None.
    Off,
    /// This many pseudo-observations of the pooled variance.
    #[serde(untagged)]
    Strength(f64),
}

/// `[statistics]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatisticsConfig {
    /// Whether features are centred.
    pub centre: Centre,
    /// Mean impostor cosine above which `auto` centres.
    pub auto_above: f64,
    /// n/(n-1) instead of 1.
    pub unbiased: bool,
    /// Shrinkage toward the pooled variance.
    pub shrinkage: Shrinkage,
}

impl Default for StatisticsConfig {
    fn default() -> Self {
        Self {
            centre: Centre::Auto,
            auto_above: 0.2,
            unbiased: true,
            shrinkage: Shrinkage::Auto,
        }
    }
}
