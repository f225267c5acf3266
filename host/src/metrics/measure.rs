//! All metrics of a generated set beside a real one, each with what is needed to repeat it.

use ficta_core::{Ctx, Result};
use serde::Serialize;

use super::{
    Conventions, Identified, Measure, People, Quantity, Sampled, SetMeasures, Subject, calibrate, frechet_distance,
    per_identity,
};
use crate::{evaluation::Interval, storage::Table};

/// A number with all that is needed to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// `generated` or `real`.
    pub set: &'static str,
    /// Name of the metric.
    pub name: &'static str,
    /// Its value; none where it is not defined on this set.
    pub value: Option<f64>,
    /// 95% bootstrap interval over identities, of means over them ([`super::mean_interval`]).
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
    let real_pairs = Sampled::of(real, how.pairs, how.seed, ctx)?;
    let (r, threshold) = match how.threshold {
        Some(r) => (r, "r as given".to_owned()),
        None => {
            let (r, calibration) = calibrate(&real_pairs, how.false_match_rate)?;
            (r, calibration.to_string())
        }
    };
    let (centers, real_centers) = (generated.centers()?, real.centers()?);
    let ours = Subject {
        features: generated,
        centers: &centers.unit,
    };
    let theirs = Subject {
        features: real,
        centers: &real_centers.unit,
    };
    let people = if how.labels_match { People::Same } else { People::Others };
    let pairs = Sampled::of(generated, how.pairs, how.seed, ctx)?;
    let with = (r, how.neighbours);
    let of_generated = SetMeasures::of(ours, &pairs, (theirs, people), with, ctx)?;
    drop(pairs);
    let of_real = SetMeasures::of(theirs, &real_pairs, (theirs, People::Themselves), with, ctx)?;
    let frechet = frechet_distance(&generated.unit, &real.unit, ctx)?;
    let about = About {
        how,
        threshold: &threshold,
        images: (generated.unit.rows, real.unit.rows),
        all_real_pairs: real_pairs.all,
        evaluator,
    };
    let mut metrics = about.rows("generated", &of_generated, frechet);
    metrics.extend(about.rows("real", &of_real, f64::NAN));
    Ok(MeasuredSet {
        metrics,
        per_id: per_identity(generated, &centers, &real.label, &of_generated)?,
    })
}

/// What the numbers of both sets share.
struct About<'a> {
    how: &'a Measure,
    threshold: &'a str,
    /// Generated and real.
    images: (usize, usize),
    /// Whether the threshold is of all real pairs.
    all_real_pairs: bool,
    evaluator: &'a str,
}

impl About<'_> {
    fn rows(&self, set: &'static str, of: &SetMeasures, frechet: f64) -> Vec<Measured> {
        let conventions = Conventions {
            threshold: self.threshold,
            neighbours: self.how.neighbours,
            pairs: &of.pairs.to_string(),
            images: self.images,
        };
        let drawn = |quantity: Quantity| match quantity.takes_threshold() {
            true => self.how.threshold.is_none() && !self.all_real_pairs,
            false => quantity.of_pairs() && !of.pairs.all,
        };
        let row = |quantity: Quantity| {
            let value = match quantity {
                Quantity::Frechet => frechet,
                other => of.value(other),
            };
            let known = value.is_finite();
            Measured {
                set,
                name: quantity.name(),
                value: known.then_some(value),
                interval: known.then(|| of.interval(quantity, self.how.seed)).flatten(),
                convention: quantity.convention(&conventions),
                threshold: quantity.takes_threshold().then_some(of.threshold),
                evaluator: self.evaluator.to_owned(),
                seed: drawn(quantity).then_some(self.how.seed),
            }
        };
        Quantity::ALL.map(row).to_vec()
    }
}
