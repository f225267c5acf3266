//! All metrics of a generated set beside a real one, each with what is needed to repeat it.

use ficta_core::{Ctx, Error, Result};
use serde::Serialize;

use super::{
    ClassCenters, Identified, Sampled, Separability, frechet_distance, improved_recall_of_each, mean_interval,
    mean_of_known, nearest_before, pairwise_distance_of_each, preservation_of_each, separability,
    threshold_at_false_match_rate,
};
use crate::{
    evaluation::Interval,
    similarity::{Neighbour, top_k},
    storage::Table,
};

/// How to measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// False-match rate on real impostor pairs at which the cosine threshold r is calibrated.
    pub false_match_rate: f64,
    /// r itself, instead of calibrating it.
    pub threshold: Option<f64>,
    /// Neighbours of improved recall.
    pub neighbours: usize,
    /// Pairs of images that are looked at, at most; above that they are drawn.
    pub pairs: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Whether equal labels of the two sets name one person: only then has improved recall a meaning.
    pub labels_match: bool,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            false_match_rate: 1e-3,
            threshold: None,
            neighbours: 3,
            pairs: 5_000_000,
            seed: 0,
            labels_match: false,
        }
    }
}

/// A number with all that is needed to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// `generated` or `real`.
    pub set: &'static str,
    /// Name of the metric.
    pub name: &'static str,
    /// Its value; none where it is not defined on this set.
    pub value: Option<f64>,
    /// 95% bootstrap interval over identities, of means over them ([`mean_interval`]).
    pub interval: Option<Interval>,
    /// Similarity or distance, and over what.
    pub convention: String,
    /// Cosine threshold r, where one is used.
    pub threshold: Option<f64>,
    /// The network that the features are of.
    pub evaluator: String,
    /// Seed of the pairs, where they are drawn.
    pub seed: Option<u64>,
}

/// What [`measure`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredSet {
    /// Numbers of both sets.
    pub metrics: Vec<Measured>,
    /// One row a generated identity.
    pub per_id: Table,
}

/// Measures a generated set beside a real one, in one evaluator's feature space.
///
/// # Errors
/// Features of different dimensions; no impostor pairs to calibrate on; cancellation.
pub fn measure(
    generated: &Identified,
    real: &Identified,
    how: &Measure,
    evaluator: &str,
    ctx: &Ctx<'_>,
) -> Result<MeasuredSet> {
    let check = || ctx.check_cancelled();
    let real_pairs = Sampled::of(real, how.pairs, how.seed, check)?;
    let (r, calibration) = threshold(&real_pairs, how)?;
    let real_centers = real.centers()?;
    let sets = [
        (
            "generated",
            generated,
            &generated.centers()?,
            &Sampled::of(generated, how.pairs, how.seed, check)?,
        ),
        ("real", real, &real_centers, &real_pairs),
    ];
    let mut out = Vec::new();
    let mut per_id = Table::new();
    for (set, features, centers, pairs) in sets {
        let own = set == "real";
        let counted = |n: usize| ctx.progress(n as u64, centers.unit.rows as u64, "identities compared");
        let before = nearest_before(&centers.unit, counted)?;
        let nearest = top_k(
            &centers.unit,
            &real_centers.unit,
            1,
            |i, j| (own || how.labels_match) && features.label[i] == real.label[j],
            counted,
        )?;
        let (preserved, distance) = (
            preservation_of_each(&features.unit, &features.identity, &centers.unit, r),
            pairwise_distance_of_each(&features.unit, &features.identity),
        );
        let recall = match own || !how.labels_match {
            true => vec![f64::NAN; centers.unit.rows],
            false => {
                let (ours, theirs) = (labels_of(generated), labels_of(real));
                improved_recall_of_each((&generated.unit, &ours), (&real.unit, &theirs), how.neighbours)
            }
        };
        let unique: Vec<bool> = before.iter().map(|b| b.is_none_or(|b| b.cosine < r)).collect();
        let nearest_real: Vec<f64> = nearest
            .iter()
            .map(|n| n.first().map_or(f64::NAN, |n| n.cosine))
            .collect();
        let flags = |of: &mut dyn Iterator<Item = bool>| of.map(|f| f64::from(u8::from(f))).collect::<Vec<f64>>();
        let of_each = [
            ("U", flags(&mut unique.iter().copied())),
            ("P", preserved.clone()),
            ("D_recall", recall.clone()),
            ("D_distance", distance.clone()),
            ("near_real", flags(&mut nearest_real.iter().map(|c| *c > r))),
        ];
        let summary = Summary {
            unique: unique.iter().filter(|u| **u).count() as f64 / unique.len() as f64,
            preservation: mean_of_known(&preserved),
            recall: mean_of_known(&recall),
            distance: mean_of_known(&distance),
            separability: separability(&pairs.cosines),
            nearest_real: &nearest_real,
            images: (generated.unit.rows, real.unit.rows),
        };
        let frechet = if own {
            f64::NAN
        } else {
            frechet_distance(&generated.unit, &real.unit)?
        };
        let seed = (!pairs.all).then_some(how.seed);
        let mut rows = summary.metrics(set, frechet, how, (r, &calibration), evaluator, seed);
        for (name, values) in &of_each {
            for row in rows.iter_mut().filter(|row| row.name == *name && row.value.is_some()) {
                row.interval = mean_interval(values, how.seed);
            }
        }
        out.extend(rows);
        if !own {
            per_id = table(
                features,
                centers,
                &real.label,
                &before,
                &nearest,
                [&preserved, &distance, &recall],
                &unique,
            )?;
        }
    }
    Ok(MeasuredSet { metrics: out, per_id })
}

fn labels_of(set: &Identified) -> Vec<i64> {
    set.identity.iter().map(|id| set.label[*id as usize]).collect()
}

/// r, and how it came about.
fn threshold(real: &Sampled, how: &Measure) -> Result<(f64, String)> {
    if let Some(r) = how.threshold {
        return Ok((r, "r as given".into()));
    }
    let impostors = &real.cosines.impostor;
    let r = threshold_at_false_match_rate(impostors, how.false_match_rate);
    if r.is_nan() {
        return Err(
            Error::data("the real features are of one identity, so there is no impostor pair to calibrate on")
                .help("give real features of two or more people, or a threshold"),
        );
    }
    let drawn = if real.all { "all" } else { "drawn" };
    Ok((
        r,
        format!(
            "r where {} of {} real impostor pairs ({drawn}) match",
            how.false_match_rate,
            impostors.len()
        ),
    ))
}

struct Summary<'a> {
    unique: f64,
    preservation: f64,
    recall: f64,
    distance: f64,
    separability: Separability,
    nearest_real: &'a [f64],
    /// Generated and real.
    images: (usize, usize),
}

impl Summary<'_> {
    fn metrics(
        &self,
        set: &'static str,
        frechet: f64,
        how: &Measure,
        (r, calibration): (f64, &str),
        evaluator: &str,
        seed: Option<u64>,
    ) -> Vec<Measured> {
        let s = &self.separability;
        let mut sorted = self.nearest_real.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let largest = sorted.last().copied().unwrap_or(f64::NAN);
        let drawn = if seed.is_some() { "drawn pairs" } else { "all pairs" };
        let pairs = |what: &str| format!("{what}; cosine similarity of images, {drawn}");
        let near =
            "largest cosine similarity of a class centre to a real one, that of the same person left out".to_owned();
        let rows: [(&'static str, f64, String, Option<f64>, bool); 16] = [
            (
                "U",
                self.unique,
                format!("share of class centres with cosine similarity below r to all before; {calibration}"),
                Some(r),
                false,
            ),
            (
                "P",
                self.preservation,
                format!(
                    "mean share of an ID's images with cosine similarity above r to its class centre; {calibration}"
                ),
                Some(r),
                false,
            ),
            (
                "D_recall",
                self.recall,
                format!(
                    "improved recall an ID, k = {}, cosine distance, over labels that both sets have",
                    how.neighbours
                ),
                None,
                false,
            ),
            (
                "D_distance",
                self.distance,
                "mean cosine distance over pairs of images of one ID, averaged over IDs".into(),
                None,
                false,
            ),
            ("FDR", s.fdr, pairs("(m_g - m_i)^2 / (s_g^2 + s_i^2)"), None, true),
            (
                "EER",
                s.eer,
                pairs("mean of FMR and FNMR where they differ least"),
                None,
                true,
            ),
            (
                "FMR100",
                s.fmr100,
                pairs("lowest FNMR at an FMR of at most 1/100"),
                None,
                true,
            ),
            (
                "FMR1000",
                s.fmr1000,
                pairs("lowest FNMR at an FMR of at most 1/1000"),
                None,
                true,
            ),
            (
                "genuine_mean",
                s.genuine_mean,
                pairs("mean of genuine pairs"),
                None,
                true,
            ),
            (
                "genuine_deviation",
                s.genuine_deviation,
                pairs("population deviation of genuine pairs"),
                None,
                true,
            ),
            (
                "impostor_mean",
                s.impostor_mean,
                pairs("mean of impostor pairs"),
                None,
                true,
            ),
            (
                "impostor_deviation",
                s.impostor_deviation,
                pairs("population deviation of impostor pairs"),
                None,
                true,
            ),
            ("nearest_real_median", middle, near.clone(), None, false),
            ("nearest_real_largest", largest, near, None, false),
            (
                "near_real",
                self.nearest_real.iter().filter(|c| **c > r).count() as f64 / self.nearest_real.len() as f64,
                format!(
                    "share of class centres with cosine similarity above r to a real one, that of the same person left out; {calibration}"
                ),
                Some(r),
                false,
            ),
            (
                "frechet",
                frechet,
                format!(
                    "Frechet distance of Gaussians fitted to the unit features of {} generated and {} real images, covariance over N - 1",
                    self.images.0, self.images.1
                ),
                None,
                false,
            ),
        ];
        let measured =
            |(name, value, convention, threshold, of_pairs): (&'static str, f64, String, Option<f64>, bool)| Measured {
                set,
                name,
                value: value.is_finite().then_some(value),
                interval: None,
                convention,
                threshold,
                evaluator: evaluator.to_owned(),
                seed: seed.filter(|_| of_pairs || threshold.is_some() && how.threshold.is_none()),
            };
        rows.into_iter().map(measured).collect()
    }
}

fn table(
    set: &Identified,
    centers: &ClassCenters,
    real: &[i64],
    before: &[Option<Neighbour>],
    nearest: &[Vec<Neighbour>],
    [preserved, distance, recall]: [&Vec<f64>; 3],
    unique: &[bool],
) -> Result<Table> {
    let genuine: Vec<f64> = distance.iter().map(|d| 1.0 - d).collect();
    Table::new()
        .with("label", set.label.clone())?
        .with("images", centers.count.clone())?
        .with("unique", unique.to_vec())?
        .with(
            "nearest_before",
            before
                .iter()
                .map(|b| b.map_or(-1, |b| set.label[b.row]))
                .collect::<Vec<_>>(),
        )?
        .with(
            "nearest_before_cosine",
            before
                .iter()
                .map(|b| b.map_or(f64::NAN, |b| b.cosine))
                .collect::<Vec<_>>(),
        )?
        .with(
            "nearest_real",
            nearest
                .iter()
                .map(|n| n.first().map_or(-1, |n| real[n.row]))
                .collect::<Vec<_>>(),
        )?
        .with(
            "nearest_real_cosine",
            nearest
                .iter()
                .map(|n| n.first().map_or(f64::NAN, |n| n.cosine))
                .collect::<Vec<_>>(),
        )?
        .with("preservation", preserved.clone())?
        .with("distance", distance.clone())?
        .with("genuine_mean", genuine)?
        .with("recall", recall.clone())
}
