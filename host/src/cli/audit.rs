//! `ficta audit`.

use std::path::PathBuf;

use ficta_core::{Error, Result};
use serde_json::json;

use super::{metrics::CalibrationArgs, own_stdout::out, stats::CentringArgs, table_file, work::WorkArgs};
use crate::{
    audit::{Album, Finding, Match, Party, Settings, Verdict, audit as find, sheet},
    features::{FeatureTable, Source},
    pipeline::identities::IdentityTable,
    statistics::StatisticsConfig,
    storage::{Table, atomic, json as json_file},
};

/// `ficta audit`
#[derive(clap::Args, Debug)]
pub struct AuditArgs {
    /// Fictional people: labelled features of their images, or centres (a selected or candidates file, identities, one row a person).
    #[arg(long, value_name = "FEATURES")]
    pub fictional: PathBuf,
    /// Real people that they were made from, likewise.
    #[arg(long, value_name = "FEATURES")]
    pub real: PathBuf,
    /// Images of the fictional and of the real people, where --fictional and --real are centres: labelled features.
    #[arg(long, num_args = 2, value_names = ["FICTIONAL", "REAL"])]
    pub image_features: Option<Vec<PathBuf>>,
    /// Further people that fictional ones must not be, such as a benchmark's; may be given several times.
    #[arg(long = "benchmark", value_name = "FEATURES")]
    pub benchmarks: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub centring: CentringArgs,
    /// Nearest references kept of each fictional person.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub top: usize,
    /// Writes verdict and counts as JSON.
    #[arg(long, value_name = "AUDIT.json")]
    pub out: Option<PathBuf>,
    /// Writes the nearest references of each fictional person: .csv or .parquet.
    #[arg(long, value_name = "MATCHES.csv|.parquet")]
    pub matches: Option<PathBuf>,
    /// Writes the worst offenders as a contact sheet; needs --images.
    #[arg(long, value_name = "SHEET.png", requires = "images")]
    pub sheet: Option<PathBuf>,
    /// The image folders that the features of fictional and real images were computed from.
    #[arg(long, num_args = 2, value_names = ["FICTIONAL", "REAL"])]
    pub images: Option<Vec<PathBuf>>,
    /// Pairs on the contact sheet.
    #[arg(long, value_name = "N", default_value_t = 24)]
    pub worst: usize,
    /// Exit code 1 on the verdict `leak`.
    #[arg(long)]
    pub fail_on_leak: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub work: WorkArgs,
}

pub fn audit(args: &AuditArgs, as_json: bool) -> Result<()> {
    args.calibration.check()?;
    if args.top == 0 {
        return Err(Error::config("--top 0: expected at least 1"));
    }
    if let Some(path) = &args.matches {
        table_file::check(path)?;
    }
    let host = args.work.host("audit", args.calibration.seed)?;
    let center = center(args)?;
    let center = center.as_deref();
    let mut fictional = Party::read(&args.fictional, center)?;
    let mut real = Party::read(&args.real, center)?;
    if let Some([of_fictional, of_real]) = args.image_features.as_deref() {
        for (party, path) in [(&mut fictional, of_fictional), (&mut real, of_real)] {
            add_images(party, &Party::of_images(&FeatureTable::read(path)?, center)?)?;
        }
    }
    let benchmarks = args
        .benchmarks
        .iter()
        .map(|b| Party::read(b, center))
        .collect::<Result<Vec<_>>>()?;
    for party in [&fictional, &real].into_iter().chain(&benchmarks) {
        party.check_space(center)?;
    }
    let settings = Settings {
        false_match_rate: args.calibration.false_match_rate,
        threshold: args.calibration.threshold,
        pairs: args.calibration.pairs,
        seed: args.calibration.seed,
        k: args.top,
    };
    let findings = find(&fictional, &real, &benchmarks, &settings, &host.ctx())?;
    let verdict = Verdict::of(&findings);
    let result = json!({"verdict": verdict, "words": verdict.to_string(), "settings": settings, "centred": center.is_some(), "findings": findings});
    if let Some(path) = &args.out {
        json_file::write(path, &result)?;
    }
    if let Some(path) = &args.matches {
        table_file::write(&table(&findings)?, path)?;
    }
    if let (Some(path), Some([of_fictional, of_real])) = (&args.sheet, args.images.as_deref()) {
        let count = |party: &Party| party.images.as_ref().map_or(party.centers.rows, |(unit, _)| unit.rows);
        let albums = (
            Album::read(of_fictional, count(&fictional))?,
            Album::read(of_real, count(&real))?,
        );
        let against_real = findings.iter().rfind(|f| f.reference == real.name);
        let finding = against_real.ok_or_else(|| Error::data("nothing was compared, so there is nothing to show"))?;
        let bytes = sheet(finding.level, &worst(finding, args.worst), &albums.0, &albums.1)?;
        atomic::write_bytes(path, &bytes)?;
    }
    host.enter("");
    if as_json {
        out!("{result:#}");
    } else {
        show(&findings, verdict);
    }
    match verdict {
        Verdict::Leak if args.fail_on_leak => Err(Error::data(verdict.to_string())),
        _ => Ok(()),
    }
}

/// What is subtracted from raw features: what an identities file of the real people says; else by the rule of --centre from their images.
fn center(args: &AuditArgs) -> Result<Option<Vec<f32>>> {
    let images = args.image_features.as_deref().and_then(|paths| paths.get(1));
    let table = match Source::read(&args.real)? {
        Source::Tensors(file) if file.contains("mean") => return Ok(IdentityTable::read(&args.real)?.center),
        other => match images {
            Some(path) => FeatureTable::read(path)?,
            None => other.features()?,
        },
    };
    let config = StatisticsConfig {
        centre: args.centring.centre()?,
        auto_above: args.centring.centre_above,
        ..StatisticsConfig::default()
    };
    let mut labels = table.label.clone().unwrap_or_default();
    labels.sort_unstable();
    labels.dedup();
    // One row a person gives no statistics; such features are taken as they are.
    if labels.is_empty() || labels.len() == table.feature.rows {
        return Ok(table.center);
    }
    let (ids, _) = IdentityTable::describe(&table, &config).map_err(|e| e.context(&table.name))?;
    Ok(ids.center)
}

/// Gives centres the images of the same people.
fn add_images(party: &mut Party, images: &Party) -> Result<()> {
    let Some((unit, person)) = &images.images else {
        return Ok(());
    };
    party.check_dim(images)?;
    let at = |p: &i64| {
        let label = images.label[*p as usize];
        party
            .label
            .iter()
            .position(|l| *l == label)
            .map(|at| at as i64)
            .ok_or_else(|| {
                Error::data(format!(
                    "{}: images of identity {label}, which {} lacks",
                    images.name, party.name
                ))
                .help("the labels of images must be those of the centres; without labels these count from 0")
            })
    };
    let of_person = (0..images.label.len() as i64)
        .map(|p| at(&p))
        .collect::<Result<Vec<_>>>()?;
    let person = person.iter().map(|p| of_person[*p as usize]).collect();
    party.images = Some((unit.clone(), person));
    Ok(())
}

/// The largest cosines, one of each fictional person.
fn worst(finding: &Finding, n: usize) -> Vec<&Match> {
    let mut first: Vec<&Match> = Vec::new();
    for m in &finding.matches {
        if first.last().is_none_or(|last| last.person != m.person) {
            first.push(m);
        }
    }
    first.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    first.truncate(n);
    first
}

fn table(findings: &[Finding]) -> Result<Table> {
    let mut rows = Vec::new();
    for finding in findings {
        let mut rank = 0;
        let mut person = None;
        for m in &finding.matches {
            rank = if person == Some(m.person) { rank + 1 } else { 1 };
            person = Some(m.person);
            rows.push((finding, m, rank));
        }
    }
    let row = |image: Option<usize>| image.map_or(-1, |i| i as i64);
    Table::new()
        .with(
            "reference",
            rows.iter().map(|(f, _, _)| f.reference.clone()).collect::<Vec<_>>(),
        )?
        .with(
            "level",
            rows.iter().map(|(f, _, _)| f.level.to_string()).collect::<Vec<_>>(),
        )?
        .with("fictional", rows.iter().map(|(_, m, _)| m.label).collect::<Vec<_>>())?
        .with(
            "fictional_image",
            rows.iter().map(|(_, m, _)| row(m.image)).collect::<Vec<_>>(),
        )?
        .with("rank", rows.iter().map(|(_, _, rank)| *rank).collect::<Vec<i64>>())?
        .with("real", rows.iter().map(|(_, m, _)| m.like_label).collect::<Vec<_>>())?
        .with(
            "real_image",
            rows.iter().map(|(_, m, _)| row(m.like_image)).collect::<Vec<_>>(),
        )?
        .with("cosine", rows.iter().map(|(_, m, _)| m.cosine).collect::<Vec<_>>())?
        .with(
            "threshold",
            rows.iter().map(|(f, _, _)| f.threshold).collect::<Vec<_>>(),
        )?
        .with(
            "above",
            rows.iter().map(|(f, m, _)| f.is_above(m.cosine)).collect::<Vec<_>>(),
        )
}

fn show(findings: &[Finding], verdict: Verdict) {
    out!(
        "{:14}  {:>9}  {:>9}  {:>20}  {:>20}  against",
        "level",
        "threshold",
        "largest",
        "fictional above",
        "real above others"
    );
    for f in findings {
        out!(
            "{:14}  {:>9.4}  {:>9.4}  {:>20}  {:>20}  {}",
            f.level,
            f.threshold,
            f.largest,
            format!("{} of {}", f.above, f.people),
            format!("{} of {}", f.real_above, f.real_people),
            f.reference
        );
    }
    out!("verdict: {verdict}");
}
