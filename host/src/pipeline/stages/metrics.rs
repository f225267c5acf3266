//! metrics: what the generated sets are like, in the encoder's feature space at the size of generated images.

use std::collections::BTreeMap;

use ficta_core::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    config::{MetricsConfig, REAL, RunConfig},
    evaluation::Interval,
    metrics::{
        Cosines, Separability, cosine, improved_recall_of_each, mean_interval, mean_of_known,
        pairwise_distance_of_each, preservation_of_each, separability, threshold_at_false_match_rate,
        uniqueness_of_each,
    },
    pipeline::{Place, Stage, identities::IdentityTable, matrix::Matrix},
    statistics::unit_features,
    storage::{Tensors, json as json_file},
};

pub const METRICS: &str = "metrics.json";

/// Metrics of one set of images.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SetMetrics {
    /// Identities.
    pub identities: usize,
    /// Images.
    pub images: usize,
    /// U.
    pub uniqueness: Option<f64>,
    /// P.
    pub preservation: Option<f64>,
    /// D by improved recall; none where no real image has the label.
    pub recall: Option<f64>,
    /// D without reference: mean cosine distance within an identity.
    pub distance: Option<f64>,
    /// 95% bootstrap intervals over identities of those of U, P, D (`recall`) and D (`distance`) that there are, by field name.
    #[serde(default)]
    pub intervals: BTreeMap<String, Interval>,
    /// Genuine against impostor pairs.
    pub separability: Separability,
    /// Largest cosine of each identity's centre to any real identity's; the real ones' to any other's.
    pub nearest_real: Vec<f32>,
    /// Genuine and impostor cosines, thinned to at most [`SHOWN`] of each.
    pub cosines: BTreeMap<String, Vec<f32>>,
}

/// All sets, and the threshold that they share.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AllMetrics {
    /// Cosine threshold r.
    pub threshold: f64,
    /// False-match rate on real impostor pairs at which r was calibrated.
    pub false_match_rate: f64,
    /// Real impostor pairs that it was calibrated on.
    pub impostor_pairs: usize,
    /// Neighbours of improved recall.
    pub neighbours: usize,
    /// The network that measured.
    pub evaluator: String,
    /// Sets by name; `real` is the generated images of real identities, `real faces` the photographs.
    pub sets: BTreeMap<String, SetMetrics>,
}

/// Cosines kept for a histogram.
const SHOWN: usize = 20_000;
/// The photographs, in [`AllMetrics::sets`].
pub const PHOTOGRAPHS: &str = "real faces";

pub fn stage(config: &RunConfig, sets: &BTreeMap<String, usize>) -> Stage {
    let (settings, names): (MetricsConfig, Vec<String>) = (config.metrics.clone(), sets.keys().cloned().collect());
    let work = move |place: &Place<'_>| {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::SMALL))?;
        let center = real.center.as_deref();
        let centers = real.mean.normalised("mean of identity")?;
        let (photographs, people) = features(place, "encode", super::encode::SMALL, center)?;
        let real_cosines = Cosines::of(&photographs, &people);
        let r = threshold_at_false_match_rate(&real_cosines.impostor, settings.false_match_rate);
        let seed = place.seed;
        let evaluator: serde_json::Value = json_file::read(&place.file("encode", "encoder.json"))?;
        let mut out = AllMetrics {
            threshold: r,
            false_match_rate: settings.false_match_rate,
            impostor_pairs: real_cosines.impostor.len(),
            neighbours: settings.neighbours,
            evaluator: evaluator["description"].as_str().unwrap_or_default().to_owned(),
            sets: BTreeMap::new(),
        };
        let describe = |unit: &Matrix, labels: &[i64], own: &Matrix, reference: bool, is_real: bool| {
            let cosines = Cosines::of(unit, labels);
            let recall = match reference {
                true => improved_recall_of_each((unit, labels), (&photographs, &people), settings.neighbours),
                false => Vec::new(),
            };
            let of_each = [
                ("uniqueness", uniqueness_of_each(own, r)),
                ("preservation", preservation_of_each(unit, labels, own, r)),
                ("recall", recall),
                ("distance", pairwise_distance_of_each(unit, labels)),
            ];
            let [uniqueness, preservation, recall, distance] =
                of_each.each_ref().map(|(_, values)| mean_of_known(values));
            let interval = |(name, values): &(&str, Vec<f64>)| Some(((*name).to_owned(), mean_interval(values, seed)?));
            let finite = |x: f64| x.is_finite().then_some(x);
            SetMetrics {
                identities: own.rows,
                images: unit.rows,
                uniqueness: finite(uniqueness),
                preservation: finite(preservation),
                recall: finite(recall),
                distance: finite(distance),
                intervals: of_each.iter().filter_map(interval).collect(),
                separability: separability(&cosines),
                nearest_real: (0..own.rows)
                    .map(|i| nearest_other(own.row(i), &centers, is_real.then_some(i)))
                    .collect(),
                cosines: BTreeMap::from([
                    ("genuine".into(), thin(&cosines.genuine)),
                    ("impostor".into(), thin(&cosines.impostor)),
                ]),
            }
        };
        out.sets.insert(
            PHOTOGRAPHS.into(),
            describe(&photographs, &people, &centers, false, true),
        );
        let ctx = place.ctx();
        for (i, name) in names.iter().enumerate() {
            let stage = format!("reencode/{name}");
            let (unit, labels) = features(place, &stage, super::reencode::FEATURES, center)?;
            let tensors = Tensors::read(&place.file(&stage, super::reencode::CENTERS))?;
            let (mean, [rows, cols]) = tensors.get::<f32, 2>("mean")?;
            let own = Matrix::new(mean.to_vec(), rows, cols)?.normalised("centre of generated identity")?;
            // The set that is trained on: without what a second selection has dropped.
            let kept = super::reencode::kept(place, name)?;
            let (unit, labels) = of_kept(&unit, &labels, &kept);
            let own = own.select(&kept);
            out.sets
                .insert(name.clone(), describe(&unit, &labels, &own, name == REAL, name == REAL));
            ctx.progress(i as u64 + 1, names.len() as u64, "sets")?;
        }
        json_file::write(&place.dir.join(METRICS), &out)
    };
    let mut inputs = vec!["encode".into(), "statistics".into()];
    inputs.extend(sets.keys().map(|ids| format!("reencode/{ids}")));
    Stage::new("metrics", inputs, json!(config.metrics), Box::new(work))
}

/// The largest cosine of a unit feature to a row of `real`, its own row left out.
fn nearest_other(feature: &[f32], real: &Matrix, own: Option<usize>) -> f32 {
    let others = (0..real.rows).filter(|i| Some(*i) != own);
    others
        .map(|i| cosine(feature, real.row(i)) as f32)
        .fold(f32::NEG_INFINITY, f32::max)
}

fn features(place: &Place<'_>, stage: &str, file: &str, center: Option<&[f32]>) -> Result<(Matrix, Vec<i64>)> {
    let tensors = Tensors::read(&place.file(stage, file))?;
    let (raw, [n, d]) = tensors.get::<f32, 2>("feature")?;
    let labels = tensors.get_shaped::<i64>("label", &[n])?.to_vec();
    Ok((Matrix::new(unit_features(raw, d, center)?, n, d)?, labels))
}

/// The images of the identities in `kept`, which ascends; labels count these identities from 0.
fn of_kept(unit: &Matrix, labels: &[i64], kept: &[usize]) -> (Matrix, Vec<i64>) {
    let place = |label: i64| kept.binary_search(&usize::try_from(label).ok()?).ok();
    let (rows, labels): (Vec<usize>, Vec<i64>) = labels
        .iter()
        .enumerate()
        .filter_map(|(row, label)| Some((row, place(*label)? as i64)))
        .unzip();
    (unit.select(&rows), labels)
}

/// Evenly spread values, at most [`SHOWN`].
fn thin(values: &[f32]) -> Vec<f32> {
    let n = SHOWN.min(values.len());
    (0..n).map(|i| values[i * values.len() / n]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_identities_leave_the_metrics() {
        let unit = Matrix::new((0..8).map(|x| x as f32).collect(), 4, 2).unwrap();
        let (of_kept, labels) = of_kept(&unit, &[0, 1, 2, 2], &[0, 2]);
        assert_eq!(of_kept.data, [0.0, 1.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(labels, [0, 1, 1]);
    }

    #[test]
    fn the_nearest_real_identity_is_another_than_ones_own() {
        let real = Matrix::new(vec![1.0, 0.0, 0.6, 0.8, -0.8, 0.6], 3, 2).unwrap();
        let of = |i: usize, own| nearest_other(real.row(i), &real, own);
        assert_eq!(
            [0, 1, 2].map(|i| of(i, None)),
            [1.0; 3],
            "a fictional identity's may be any"
        );
        let close = |got: f32, expected: f32| assert!((got - expected).abs() < 1e-6, "{got}, expected {expected}");
        close(of(0, Some(0)), 0.6);
        close(of(1, Some(1)), 0.6);
        close(of(2, Some(2)), 0.0);
        close(nearest_other(&[0.0, -1.0], &real, None), 0.0);
    }

    #[test]
    fn at_most_so_many_values_are_kept_from_end_to_end() {
        assert_eq!(thin(&[0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]);
        let many: Vec<f32> = (0..50_000).map(|i| i as f32).collect();
        let thinned = thin(&many);
        assert_eq!((thinned.len(), thinned[0]), (SHOWN, 0.0));
        assert!(thinned.windows(2).all(|w| (2.0..=3.0).contains(&(w[1] - w[0]))));
        assert!(thinned[SHOWN - 1] > 49_990.0);
    }
}
