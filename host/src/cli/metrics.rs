//! `ficta metrics`.

use std::path::{Path, PathBuf};

use ficta_core::{Ctx, Error, Result};
use serde_json::json;

use super::{own_stdout::out, stats::CentringArgs, table_file, work::WorkArgs};
use crate::{
    features::FeatureTable,
    metrics::{Identified, Measure, Measured, MeasuredSet, measure},
    pipeline::identities::IdentityTable,
    statistics::StatisticsConfig,
    storage::{Table, json as json_file},
};

/// `ficta metrics`
#[derive(clap::Args, Debug)]
pub struct MetricsArgs {
    /// Labelled features of the generated images.
    #[arg(long, value_name = "FEATURES")]
    pub features: PathBuf,
    /// Labelled features of the real images, of the same network.
    #[arg(long, value_name = "FEATURES")]
    pub real: PathBuf,
    /// Name of that network, for the record; by default what the file says.
    #[arg(long, value_name = "NAME")]
    pub evaluator: Option<String>,
    /// Features of the same generated images by a second, independent network; the paper measures with one that neither conditions
    /// nor was trained. Needs --evaluator-real.
    #[arg(long, value_name = "FEATURES", requires = "evaluator_real")]
    pub evaluator_features: Option<PathBuf>,
    /// Features of the same real images by the second network.
    #[arg(long, value_name = "FEATURES", requires = "evaluator_features")]
    pub evaluator_real: Option<PathBuf>,
    /// Name of the second network.
    #[arg(long, value_name = "NAME", requires = "evaluator_features")]
    pub evaluator_name: Option<String>,
    /// Equal labels of generated and real images name one person, as for generated images of real people: improved recall is
    /// measured only then.
    #[arg(long)]
    pub labels_match: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    /// Neighbours of improved recall.
    #[arg(long, value_name = "K", default_value_t = Measure::default().neighbours)]
    pub neighbours: usize,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub centring: CentringArgs,
    /// Writes the metrics as JSON, or as a table: .json, .csv or .parquet.
    #[arg(long, value_name = "METRICS.json|.csv|.parquet")]
    pub out: Option<PathBuf>,
    /// Writes one row a generated identity (of the first network): .csv or .parquet.
    #[arg(long, value_name = "PER_ID.csv|.parquet")]
    pub per_id: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub work: WorkArgs,
}

/// How a cosine threshold is calibrated on real impostor pairs.
#[derive(clap::Args, Debug)]
pub struct CalibrationArgs {
    /// False-match rate on real impostor pairs at which the cosine threshold is calibrated.
    #[arg(long, value_name = "RATE", default_value_t = Measure::default().false_match_rate)]
    pub false_match_rate: f64,
    /// The cosine threshold itself, instead of calibrating it.
    #[arg(long, value_name = "COSINE", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
    /// Pairs looked at, at most; above that they are drawn.
    #[arg(long, value_name = "N", default_value_t = Measure::default().pairs)]
    pub pairs: usize,
    /// Seed of the drawn pairs.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl CalibrationArgs {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// A rate that is none, a threshold that is no cosine, no pairs.
    pub fn check(&self) -> Result<()> {
        let rate = self.false_match_rate;
        if !(rate > 0.0 && rate < 1.0) {
            return Err(Error::config(format!(
                "--false-match-rate {rate}: expected a number between 0 and 1"
            )));
        }
        if let Some(r) = self.threshold.filter(|r| !(-1.0..=1.0).contains(r)) {
            return Err(Error::config(format!("--threshold {r}: expected a cosine")));
        }
        match self.pairs {
            0 => Err(Error::config("--pairs 0: expected at least 1")),
            _ => Ok(()),
        }
    }
}

pub fn metrics(args: &MetricsArgs, as_json: bool) -> Result<()> {
    args.calibration.check()?;
    for path in args
        .out
        .iter()
        .filter(|p| p.extension().is_none_or(|e| e != "json"))
        .chain(&args.per_id)
    {
        table_file::check(path)?;
    }
    let host = args.work.host("metrics", args.calibration.seed)?;
    let ctx = host.ctx();
    let (mut all, per_id) = one(args, &args.features, &args.real, args.evaluator.as_deref(), &ctx)?;
    if let (Some(features), Some(real)) = (&args.evaluator_features, &args.evaluator_real) {
        all.extend(one(args, features, real, args.evaluator_name.as_deref(), &ctx)?.0);
    }
    let result = json!({
        "false_match_rate": args.calibration.false_match_rate,
        "seed": args.calibration.seed,
        "metrics": all,
    });
    match &args.out {
        Some(path) if path.extension().is_some_and(|e| e == "json") => json_file::write(path, &result)?,
        Some(path) => table_file::write(&table(&all)?, path)?,
        None => {}
    }
    if let Some(path) = &args.per_id {
        table_file::write(&per_id, path)?;
    }
    host.enter("");
    if as_json {
        out!("{result:#}");
    } else {
        show(&all);
    }
    Ok(())
}

/// Metrics by one network.
fn one(
    args: &MetricsArgs,
    features: &Path,
    real: &Path,
    evaluator: Option<&str>,
    ctx: &Ctx<'_>,
) -> Result<(Vec<Measured>, Table)> {
    let (generated, real) = (FeatureTable::read(features)?, FeatureTable::read(real)?);
    let config = StatisticsConfig {
        centre: args.centring.centre()?,
        auto_above: args.centring.centre_above,
        ..StatisticsConfig::default()
    };
    let (ids, how) = IdentityTable::describe(&real, &config).map_err(|e| e.context(&real.name))?;
    let center = ids.center.as_deref();
    let said = evaluator
        .map(str::to_owned)
        .or_else(|| real.metadata.get("encoder").cloned());
    let named = format!(
        "{}, {}",
        said.unwrap_or_else(|| "not named".into()),
        if how.centring.applied { "centred" } else { "not centred" }
    );
    let measures = Measure {
        false_match_rate: args.calibration.false_match_rate,
        threshold: args.calibration.threshold,
        neighbours: args.neighbours,
        pairs: args.calibration.pairs,
        seed: args.calibration.seed,
        labels_match: args.labels_match,
    };
    let (generated, real) = (Identified::of(&generated, center)?, Identified::of(&real, center)?);
    let MeasuredSet { metrics, per_id } = measure(&generated, &real, &measures, &named, ctx)?;
    Ok((metrics, per_id))
}

fn table(all: &[Measured]) -> Result<Table> {
    let text = |of: fn(&Measured) -> String| all.iter().map(of).collect::<Vec<String>>();
    let number = |of: fn(&Measured) -> Option<f64>| all.iter().map(|m| of(m).unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    Table::new()
        .with("set", text(|m| m.set.into()))?
        .with("metric", text(|m| m.name.into()))?
        .with("value", number(|m| m.value))?
        .with("lower", number(|m| m.interval.map(|i| i.lower)))?
        .with("upper", number(|m| m.interval.map(|i| i.upper)))?
        .with("threshold", number(|m| m.threshold))?
        .with("evaluator", text(|m| m.evaluator.clone()))?
        .with(
            "seed",
            all.iter().map(|m| m.seed.map_or(-1, |s| s as i64)).collect::<Vec<_>>(),
        )?
        .with("convention", text(|m| m.convention.clone()))
}

fn show(all: &[Measured]) {
    let mut evaluator = "";
    for m in all {
        if m.evaluator != evaluator {
            evaluator = &m.evaluator;
            out!("evaluator: {evaluator}");
            out!(
                "  {:9}  {:20}  {:>9}  {:18}  {:>9}  convention",
                "set",
                "metric",
                "value",
                "95% interval",
                "threshold"
            );
        }
        let number = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.4}"));
        let interval = m
            .interval
            .map_or(String::new(), |i| format!("[{:.4}, {:.4}]", i.lower, i.upper));
        let seed = m.seed.map_or(String::new(), |s| format!("; seed {s}"));
        out!(
            "  {:9}  {:20}  {:>9}  {interval:18}  {:>9}  {}{seed}",
            m.set,
            m.name,
            number(m.value),
            number(m.threshold),
            m.convention
        );
    }
}
