//! What the stage writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    evaluation::Interval,
    metrics::{Calibration, Conventions, Cosines, PairsTaken, Quantity, Separability, SetMeasures},
};

pub const METRICS: &str = "metrics.json";

/// Cosines kept for a histogram.
const SHOWN: usize = 20_000;
/// The photographs, in [`AllMetrics::sets`].
pub const PHOTOGRAPHS: &str = "real faces";

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
    /// The pairs that `separability` and `cosines` are of.
    pub pairs: PairsTaken,
    /// Largest cosine of each identity's centre to any real identity's; the real ones' to any other's.
    pub nearest_real: Vec<f32>,
    /// Genuine and impostor cosines, thinned to at most [`SHOWN`] of each.
    pub cosines: BTreeMap<String, Vec<f32>>,
}

impl SetMetrics {
    /// What is kept of the measures of a set, whose cosines are `cosines`.
    pub fn of(measures: &SetMeasures, cosines: &Cosines, seed: u64) -> Self {
        let finite = |quantity: Quantity| Some(measures.value(quantity)).filter(|x| x.is_finite());
        let over_identities = [
            ("uniqueness", Quantity::Uniqueness),
            ("preservation", Quantity::Preservation),
            ("recall", Quantity::Recall),
            ("distance", Quantity::Distance),
        ];
        let interval = |(name, quantity): (&str, Quantity)| Some((name.to_owned(), measures.interval(quantity, seed)?));
        Self {
            identities: measures.identities,
            images: measures.images,
            uniqueness: finite(Quantity::Uniqueness),
            preservation: finite(Quantity::Preservation),
            recall: finite(Quantity::Recall),
            distance: finite(Quantity::Distance),
            intervals: over_identities.into_iter().filter_map(interval).collect(),
            separability: measures.separability,
            pairs: measures.pairs,
            nearest_real: measures.nearest_real_cosines().iter().map(|c| *c as f32).collect(),
            cosines: BTreeMap::from([
                ("genuine".into(), thin(&cosines.genuine)),
                ("impostor".into(), thin(&cosines.impostor)),
            ]),
        }
    }
}

/// All sets, and what they share.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AllMetrics {
    /// Cosine threshold r.
    pub threshold: f64,
    /// How r came about.
    #[serde(flatten)]
    pub calibration: Calibration,
    /// Neighbours of improved recall.
    pub neighbours: usize,
    /// Pairs of images that were looked at in each set, at most.
    pub pairs: usize,
    /// The network that measured.
    pub evaluator: String,
    /// Whether that network conditions the generator too, which flatters.
    pub also_conditions: bool,
    /// Sets by name; `real` is the generated images of real identities, `real faces` the photographs.
    pub sets: BTreeMap<String, SetMetrics>,
}

impl AllMetrics {
    /// Whether the pairs of any set are drawn ones.
    pub fn any_drawn(&self) -> bool {
        self.sets.values().any(|set| !set.pairs.all)
    }

    /// The convention of a number, in words that hold for every set.
    pub fn convention(&self, quantity: Quantity) -> String {
        let pairs = match self.any_drawn() {
            true => format!(
                "all pairs of sets that have at most {}, else drawn ones (their number is given)",
                self.pairs
            ),
            false => "all pairs".into(),
        };
        quantity.convention(&Conventions {
            threshold: &self.calibration.to_string(),
            neighbours: self.neighbours,
            pairs: &pairs,
            images: (0, 0),
        })
    }
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
    fn at_most_so_many_values_are_kept_from_end_to_end() {
        assert_eq!(thin(&[0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]);
        let many: Vec<f32> = (0..50_000).map(|i| i as f32).collect();
        let thinned = thin(&many);
        assert_eq!((thinned.len(), thinned[0]), (SHOWN, 0.0));
        assert!(thinned.windows(2).all(|w| (2.0..=3.0).contains(&(w[1] - w[0]))));
        assert!(thinned[SHOWN - 1] > 49_990.0);
    }
}
