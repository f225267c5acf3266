//! `ficta stats`.

use std::path::PathBuf;

use ficta_core::{Error, Result};
use serde_json::json;

use super::own_stdout::out;
use crate::{
    features::FeatureTable,
    pipeline::identities::IdentityTable,
    statistics::{Centre, Shrinkage, StatisticsConfig},
};

/// `ficta stats`
#[derive(clap::Args, Debug)]
pub struct StatsArgs {
    /// Labelled raw features: safetensors or Parquet.
    #[arg(long, value_name = "FEATURES")]
    pub features: PathBuf,
    /// The identities file to write: mean, variance, variance_per_dim, count, label, and center where features are centred.
    #[arg(long, value_name = "IDS.safetensors")]
    pub out: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub centring: CentringArgs,
    /// 1 instead of n/(n-1) in the variances.
    #[arg(long)]
    pub biased: bool,
    /// How variances of identities with few images are drawn toward the pooled one: auto, off, or pseudo-observations.
    #[arg(long, value_name = "auto|off|K", default_value = "auto")]
    pub shrinkage: String,
}

/// Whether the mean of the features is subtracted.
#[derive(clap::Args, Debug)]
pub struct CentringArgs {
    /// Whether the mean of the unit features is subtracted: auto (where the mean impostor cosine exceeds --centre-above), on, off.
    #[arg(long, value_name = "auto|on|off", default_value = "auto")]
    pub centre: String,
    /// See --centre.
    #[arg(long, value_name = "COSINE", default_value_t = StatisticsConfig::default().auto_above)]
    pub centre_above: f64,
}

impl CentringArgs {
    /// The rule.
    ///
    /// # Errors
    /// Another word.
    pub fn centre(&self) -> Result<Centre> {
        match self.centre.as_str() {
            "auto" => Ok(Centre::Auto),
            "on" => Ok(Centre::On),
            "off" => Ok(Centre::Off),
            other => Err(Error::config(format!("--centre {other}: expected auto, on or off"))),
        }
    }
}

impl StatsArgs {
    fn config(&self) -> Result<StatisticsConfig> {
        let shrinkage = match self.shrinkage.as_str() {
            "auto" => Shrinkage::Auto,
            "off" => Shrinkage::Off,
            number => match number.parse() {
                Ok(k) => Shrinkage::Strength(k),
                Err(_) => {
                    return Err(Error::config(format!(
                        "--shrinkage {number}: expected auto, off or a number of at least 0"
                    )));
                }
            },
        };
        Ok(StatisticsConfig {
            centre: self.centring.centre()?,
            auto_above: self.centring.centre_above,
            unbiased: !self.biased,
            shrinkage,
        })
    }
}

pub fn stats(args: &StatsArgs, as_json: bool) -> Result<()> {
    let config = args.config()?;
    let features = FeatureTable::read(&args.features)?;
    let (table, how) = IdentityTable::describe(&features, &config).map_err(|e| e.context(args.features.display()))?;
    table.write(&args.out)?;
    if as_json {
        out!(
            "{:#}",
            json!({"out": args.out, "identities": table.len(), "dim": table.mean.cols, "features": features.feature.rows, "how": how})
        );
    } else {
        out!(
            "{}: {} identities of {} features; {how}",
            args.out.display(),
            table.len(),
            features.feature.rows
        );
    }
    Ok(())
}
