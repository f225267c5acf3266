//! Everything of the report but pixels, as JSON. Numbers that are not known are null.

use ficta_core::{Error, ErrorKind, Result};
use serde::Serialize;

use super::{
    claims::Verdict,
    gap::{reference, to_reference},
    histogram::Histogram,
    input::{
        Arm, Claim, Comparison, Figures, Header, Input, Metric, Provenance, RocCurve, TrainingCurve, VarianceBin,
        YieldCurve,
    },
};

/// Raised when a field changes its name or meaning.
const SCHEMA: &str = "ficta-report/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    header: &'a Header,
    arms: Arms<'a>,
    claims: Vec<ReadClaim<'a>>,
    metrics: &'a [Metric],
    charts: Charts<'a>,
    figures: &'a Figures,
    provenance: &'a [Provenance],
    credits: &'a [String],
    warnings: &'a [String],
    resolved_config: &'a str,
    plugins_lock: &'a str,
}

#[derive(Serialize)]
struct Arms<'a> {
    sets: &'a [String],
    far: &'a [f64],
    reference: Option<&'a str>,
    interval_method: &'a str,
    protocol: &'a str,
    notes: &'a [String],
    rows: Vec<ComparedArm<'a>>,
}

#[derive(Serialize)]
struct ComparedArm<'a> {
    #[serde(flatten)]
    arm: &'a Arm,
    gap_percent: f64,
    difference: f64,
}

#[derive(Serialize)]
struct ReadClaim<'a> {
    title: &'a str,
    expectation: &'a str,
    comparisons: Vec<ReadComparison<'a>>,
}

#[derive(Serialize)]
struct ReadComparison<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    reading: Verdict,
}

#[derive(Serialize)]
struct Charts<'a> {
    similarities: Vec<Binned<'a>>,
    roc: &'a [RocCurve],
    training: &'a [TrainingCurve],
    nms_yield: &'a [YieldCurve],
    variance_yield: &'a [VarianceBin],
}

#[derive(Serialize)]
struct Binned<'a> {
    title: &'a str,
    caption: &'a str,
    marks: &'a [(String, f64)],
    edges: Vec<f64>,
    series: Vec<Counts<'a>>,
}

#[derive(Serialize)]
struct Counts<'a> {
    name: &'a str,
    counts: Vec<u64>,
}

/// The contents of `report.json`.
pub(super) fn document(input: &Input) -> Result<Vec<u8>> {
    let arms = &input.arms;
    let document = Document {
        schema: SCHEMA,
        header: &input.header,
        arms: Arms {
            sets: &arms.sets,
            far: &arms.far,
            reference: reference(arms).map(|a| a.name.as_str()),
            interval_method: &arms.interval_method,
            protocol: &arms.protocol,
            notes: &arms.notes,
            rows: arms
                .rows
                .iter()
                .map(|arm| {
                    let (gap_percent, difference) = to_reference(arms, arm);
                    ComparedArm {
                        arm,
                        gap_percent,
                        difference,
                    }
                })
                .collect(),
        },
        claims: input.claims.iter().map(read).collect(),
        metrics: &input.metrics,
        charts: Charts {
            similarities: input.charts.similarities.iter().map(binned).collect(),
            roc: &input.charts.roc,
            training: &input.charts.training,
            nms_yield: &input.charts.nms_yield,
            variance_yield: &input.charts.variance_yield,
        },
        figures: &input.figures,
        provenance: &input.provenance,
        credits: &input.credits,
        warnings: &input.warnings,
        resolved_config: &input.resolved_config,
        plugins_lock: &input.plugins_lock,
    };
    let mut out = serde_json::to_vec(&document)
        .map_err(|e| Error::wrap(ErrorKind::OTHER, "report.json cannot be written", &e))?;
    out.push(b'\n');
    Ok(out)
}

fn read(claim: &Claim) -> ReadClaim<'_> {
    ReadClaim {
        title: &claim.title,
        expectation: &claim.expectation,
        comparisons: claim
            .comparisons
            .iter()
            .map(|comparison| ReadComparison {
                comparison,
                reading: Verdict::of(comparison),
            })
            .collect(),
    }
}

fn binned(of: &super::input::Similarities) -> Binned<'_> {
    let histogram = Histogram::of(of);
    Binned {
        title: &of.title,
        caption: &of.caption,
        marks: &of.marks,
        edges: histogram.edges,
        series: of
            .series
            .iter()
            .zip(histogram.counts)
            .map(|(s, counts)| Counts { name: &s.name, counts })
            .collect(),
    }
}
