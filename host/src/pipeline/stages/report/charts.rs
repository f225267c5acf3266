//! Curves and distributions.

use std::path::Path;

use ficta_core::{Error, Result};
use serde_json::Value;

use super::super as stages;
use crate::{
    config::{EvaluationConfig, RunConfig},
    pipeline::{Place, candidates::CandidateTable, geometry, held_out::HeldOut, identities::IdentityTable},
    report::input::{
        Charts, RocCurve, Similarities, SimilarityKind, SimilaritySeries, TrainingCurve, VarianceBin, YieldCurve,
    },
    storage::{Table, json as json_file},
};

/// Bins of predicted variance.
const BINS: usize = 12;

pub fn charts(config: &RunConfig, place: &Place<'_>) -> Result<Charts> {
    let mut out = Charts::default();
    trainings(config, place, &mut out)?;
    verification(config, place, &mut out)?;
    similarities(place, &mut out)?;
    selections(config, place, &mut out)?;
    Ok(out)
}

fn losses(path: &Path) -> Result<Vec<(u64, f64)>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(format!("{}: {e}", path.display())))?;
    let point = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        Some((value["step"].as_u64()?, value["loss"].as_f64()?))
    };
    let bad = || Error::data(format!("{}: a line is no loss", path.display()));
    text.lines().map(|line| point(line).ok_or_else(bad)).collect()
}

fn trainings(config: &RunConfig, place: &Place<'_>, out: &mut Charts) -> Result<()> {
    let denoiser = place.file("train-denoiser", stages::train_denoiser::LOSSES);
    if denoiser.exists() {
        let (chart, series) = ("Denoiser loss".to_owned(), "denoiser".to_owned());
        out.training.push(TrainingCurve {
            chart,
            series,
            seed: None,
            points: losses(&denoiser)?,
        });
    }
    for arm in config.arms.keys() {
        for seed in 0..config.training.seeds {
            out.training.push(TrainingCurve {
                chart: "FR loss".into(),
                series: arm.clone(),
                seed: Some(seed as u64),
                points: losses(&place.file(&stages::train_backbone::id(arm, seed), "loss.jsonl"))?,
            });
        }
    }
    Ok(())
}

/// ROC of each arm, and the similarities of its first seed.
fn verification(config: &RunConfig, place: &Place<'_>, out: &mut Charts) -> Result<()> {
    let people = HeldOut::read(place, &config.evaluation)?;
    for arm in config.arms.keys() {
        let result: stages::evaluate::ArmResult =
            json_file::read(&place.file(&stages::evaluate::id(arm), stages::evaluate::RESULT))?;
        let Some(first) = result.seeds.first() else { continue };
        let held_out = first.held_out.iter().map(|on| (EvaluationConfig::HELD_OUT, &on.roc));
        let sets = first.sets.iter().map(|(name, on)| (name.as_str(), &on.roc));
        out.roc.extend(held_out.chain(sets).map(|(set, roc)| RocCurve {
            arm: arm.clone(),
            set: set.into(),
            points: roc.points.clone(),
        }));
        let Some((first, people)) = first.held_out.as_ref().zip(people.as_ref()) else {
            continue;
        };
        let of = |same: bool| {
            let chosen = first
                .distances
                .iter()
                .zip(&people.pairs.pairs)
                .filter(|(_, p)| p.same == same);
            chosen.map(|(d, _)| (1.0 - d / 2.0) as f32).collect::<Vec<_>>()
        };
        // A squared distance of unit vectors is 2 - 2 cos.
        let thresholds = &first.verification.thresholds;
        let mean = thresholds.iter().sum::<f64>() / thresholds.len().max(1) as f64;
        out.similarities.push(Similarities {
            title: format!("Held-out people, backbone trained on {arm}"),
            caption: "Cosines of embeddings (image and mirror image summed) over all verification pairs, and the \
                      mean threshold of the folds; first seed."
                .into(),
            series: vec![
                SimilaritySeries {
                    name: "genuine".into(),
                    kind: SimilarityKind::Genuine,
                    values: of(true),
                },
                SimilaritySeries {
                    name: "impostor".into(),
                    kind: SimilarityKind::Impostor,
                    values: of(false),
                },
            ],
            marks: vec![("threshold".into(), 1.0 - mean / 2.0)],
        });
    }
    Ok(())
}

/// How the generated sets lie in the evaluator's feature space.
fn similarities(place: &Place<'_>, out: &mut Charts) -> Result<()> {
    let path = place.file("metrics", stages::metrics::METRICS);
    if !path.exists() {
        return Ok(());
    }
    let all: stages::metrics::AllMetrics = json_file::read(&path)?;
    for (name, set) in &all.sets {
        let kinds = [
            ("genuine", SimilarityKind::Genuine, set.cosines.get("genuine")),
            ("impostor", SimilarityKind::Impostor, set.cosines.get("impostor")),
            (
                "centre to nearest other real ID",
                SimilarityKind::NearestReal,
                Some(&set.nearest_real),
            ),
        ];
        let what = match name.as_str() {
            "real" => "Generated images of real IDs".to_owned(),
            stages::metrics::PHOTOGRAPHS => "Photographs".to_owned(),
            other => format!("Generated images of {other} IDs"),
        };
        let whose = if all.also_conditions { "encoder" } else { "evaluator" };
        let title = format!("{what}, in the {whose}'s space");
        out.similarities.push(Similarities {
            title,
            caption: format!(
                "Cosines between images ({}), and of each identity's centre to the real ones. {}",
                set.pairs, all.evaluator
            ),
            series: kinds
                .into_iter()
                .filter_map(|(name, kind, values)| {
                    Some(SimilaritySeries {
                        name: name.into(),
                        kind,
                        values: values?.clone(),
                    })
                })
                .collect(),
            marks: vec![("r".into(), all.threshold)],
        });
    }
    Ok(())
}

fn selections(config: &RunConfig, place: &Place<'_>, out: &mut Charts) -> Result<()> {
    for (name, set) in &config.ids {
        let stage = format!("select/{name}");
        let audit = Table::read_parquet(&place.file(&stage, "audit.parquet"))?;
        let path = place.file(&stage, stages::select::YIELD);
        if path.exists() {
            let curve: Value = json_file::read(&path)?;
            let numbers = |key: &str| curve[key].as_array().cloned().unwrap_or_default();
            out.nms_yield.push(YieldCurve {
                name: format!("{name} (both thresholds)"),
                candidates: audit.rows() as u64,
                points: numbers("threshold")
                    .iter()
                    .zip(&numbers("kept"))
                    .map(|(t, k)| (t.as_f64().unwrap_or(f64::NAN), k.as_u64().unwrap_or(0)))
                    .collect(),
                used: set.selector.params.get("threshold_selected").and_then(Value::as_f64),
            });
        }
        if config.figures.sets(&config.ids).is_some_and(|(with, _)| with == *name) {
            geometry(name, place, out)?;
            out.variance_yield = variance_bins(audit.f32s("variance")?, audit.texts("decision")?);
        }
    }
    Ok(())
}

/// How many identities fit at each threshold: what two real identities leave between them, and the candidates that are clear of all.
fn geometry(name: &str, place: &Place<'_>, out: &mut Charts) -> Result<()> {
    let real = IdentityTable::read(&place.file("statistics", stages::statistics::FULL))?;
    let candidates = CandidateTable::read(&place.file(&format!("propose/{name}"), stages::propose::CANDIDATES))?;
    let thresholds = geometry::thresholds();
    let mut curve = |name: String, of: usize, kept: Vec<u64>| {
        out.nms_yield.push(YieldCurve {
            name,
            candidates: of as u64,
            points: thresholds.iter().copied().zip(kept).collect(),
            used: None,
        });
    };
    let clear = geometry::within(geometry::nearest_real(&candidates, &real)?, &thresholds);
    curve(format!("{name}, clear of real IDs"), candidates.len(), clear);
    let pairs = real.len() * real.len().saturating_sub(1) / 2;
    let room = geometry::pairs_with_room(&real, &thresholds)?;
    curve("pairs of real IDs with room at their midpoint".into(), pairs, room);
    Ok(())
}

fn variance_bins(variance: &[f32], decision: &[String]) -> Vec<VarianceBin> {
    let finite = || variance.iter().copied().filter(|v| v.is_finite()).map(f64::from);
    let (low, high) = (
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    );
    if high <= low {
        return Vec::new();
    }
    let width = (high - low) / BINS as f64;
    let mut bins: Vec<_> = (0..BINS)
        .map(|i| VarianceBin {
            lower: low + width * i as f64,
            upper: low + width * (i + 1) as f64,
            candidates: 0,
            kept: 0,
        })
        .collect();
    for (v, d) in variance.iter().zip(decision).filter(|(v, _)| v.is_finite()) {
        let bin = &mut bins[(((f64::from(*v) - low) / width) as usize).min(BINS - 1)];
        bin.candidates += 1;
        bin.kept += u64::from(d == "keep");
    }
    bins
}
