//! The table of metrics, each with its convention, threshold and evaluator.

use ficta_core::Result;

use super::super::{
    self as stages,
    metrics::{AllMetrics, SetMetrics},
};
use crate::{
    metrics::{Quantity, largest, middle},
    pipeline::Place,
    report::input::{Better, Metric, Unit},
    storage::json as json_file,
};

pub fn metrics(place: &Place<'_>) -> Result<Vec<Metric>> {
    let path = place.file("metrics", stages::metrics::METRICS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    Ok(of(&json_file::read(&path)?, place.seed))
}

/// A column of the table: the number, its title, its unit and its better side.
type Shown = (Quantity, &'static str, Unit, Better);

const SHOWN: [Shown; 8] = [
    (Quantity::Uniqueness, "ID uniqueness U", Unit::Percent, Better::Higher),
    (
        Quantity::Preservation,
        "ID preservation P",
        Unit::Percent,
        Better::Higher,
    ),
    (
        Quantity::Recall,
        "diversity D, improved recall",
        Unit::Percent,
        Better::Higher,
    ),
    (
        Quantity::Distance,
        "diversity D, reference-free",
        Unit::Plain,
        Better::Neither,
    ),
    (Quantity::Fdr, "FDR", Unit::Plain, Better::Higher),
    (Quantity::Eer, "EER", Unit::Percent, Better::Lower),
    (
        Quantity::NearestRealMedian,
        "nearest other real ID, median",
        Unit::Plain,
        Better::Neither,
    ),
    (
        Quantity::NearestRealLargest,
        "nearest other real ID, largest",
        Unit::Plain,
        Better::Lower,
    ),
];

/// Each metric of each set. The means over identities have intervals. Where pairs were drawn, their numbers follow.
pub fn of(all: &AllMetrics, seed: u64) -> Vec<Metric> {
    let mut out = Vec::new();
    for (set, of) in &all.sets {
        let metric = |name: &str, value: f64, unit, better, convention| Metric {
            set: match set.as_str() {
                "real" => "generated, real IDs".to_owned(),
                other => other.to_owned(),
            },
            name: name.into(),
            value,
            interval: None,
            unit,
            better,
            convention,
            threshold: None,
            evaluator: match all.also_conditions {
                // The paper measures with another network than the one that conditions; here it is the same, which flatters.
                true => format!("{} (also conditions the generator)", all.evaluator),
                false => all.evaluator.clone(),
            },
            seed: Some(seed),
        };
        for (quantity, title, unit, better) in SHOWN {
            let (value, field) = value(of, quantity);
            let interval = field.and_then(|field| of.intervals.get(field));
            out.push(Metric {
                interval: interval.map(|i| (i.lower, i.upper)),
                threshold: quantity.takes_threshold().then_some(all.threshold),
                ..metric(title, value, unit, better, all.convention(quantity))
            });
        }
        if all.any_drawn() {
            for (name, pairs, who) in [
                ("genuine pairs", of.pairs.genuine, "one ID"),
                ("impostor pairs", of.pairs.impostor, "two IDs"),
            ] {
                let convention = format!(
                    "pairs of images of {who} that cosines are of: all of a set with at most {} pairs in all, else no more than that, drawn",
                    all.pairs
                );
                out.push(metric(name, pairs as f64, Unit::Count, Better::Neither, convention));
            }
        }
    }
    out
}

/// The number, and the name of its interval where it has one.
fn value(of: &SetMetrics, quantity: Quantity) -> (f64, Option<&'static str>) {
    let nearest = || of.nearest_real.iter().map(|c| f64::from(*c)).collect::<Vec<f64>>();
    let known = |value: Option<f64>, field| (value.unwrap_or(f64::NAN), Some(field));
    match quantity {
        Quantity::Uniqueness => known(of.uniqueness, "uniqueness"),
        Quantity::Preservation => known(of.preservation, "preservation"),
        Quantity::Recall => known(of.recall, "recall"),
        Quantity::Distance => known(of.distance, "distance"),
        Quantity::NearestRealMedian => (middle(&nearest()), None),
        Quantity::NearestRealLargest => (largest(&nearest()), None),
        other => (of.separability.value(other), None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ficta_core::{Ctx, NullHost, random::Stream};

    use super::*;
    use crate::{
        metrics::{Identified, People, Sampled, SetMeasures, Subject, calibrate},
        pipeline::matrix::Matrix,
    };

    /// Two sets of 12 and 40 images, of which at most `pairs` pairs are looked at.
    fn all(pairs: usize) -> AllMetrics {
        let host = NullHost::default();
        let ctx = Ctx::new(&host);
        let mut sets = BTreeMap::new();
        let mut threshold = None;
        for (name, images) in [("real faces", 12), ("fictional", 40)] {
            let mut x = Matrix::zeros(images, 5);
            Stream::new(1, "test", images as u64, 0).fill_normal(&mut x.data);
            let labels: Vec<i64> = (0..images as i64).map(|i| i / 4).collect();
            let set = Identified::new(x.normalised("row").unwrap(), &labels).unwrap();
            let sampled = Sampled::of(&set, pairs, 3, &ctx).unwrap();
            let (r, _) = *threshold.get_or_insert(calibrate(&sampled, 0.1).unwrap());
            let subject = Subject {
                features: &set,
                centers: &set.centers().unwrap().unit,
            };
            let measures = SetMeasures::of(subject, &sampled, (subject, People::Themselves), (r, 3), &ctx).unwrap();
            sets.insert(name.to_owned(), SetMetrics::of(&measures, &sampled.cosines, 3));
        }
        let (threshold, calibration) = threshold.unwrap();
        AllMetrics {
            threshold,
            calibration,
            neighbours: 3,
            pairs,
            evaluator: "network".into(),
            also_conditions: true,
            sets,
        }
    }

    #[test]
    fn the_table_says_where_pairs_are_drawn_and_how_many() {
        let few = all(1000);
        let shown = of(&few, 3);
        assert_eq!(shown.len(), 2 * 8);
        let eer = shown.iter().find(|m| m.name == "EER").unwrap();
        assert!(
            eer.convention.ends_with("cosine similarity of images, all pairs"),
            "{}",
            eer.convention
        );

        let many = all(500);
        assert!(many.sets["real faces"].pairs.all && !many.sets["fictional"].pairs.all);
        let shown = of(&many, 3);
        let numbers = |name: &str| {
            let of_name = shown.iter().filter(|m| m.name == name);
            of_name.map(|m| (m.set.as_str(), m.value)).collect::<Vec<_>>()
        };
        assert_eq!(numbers("genuine pairs"), [("fictional", 60.0), ("real faces", 18.0)]);
        assert_eq!(numbers("impostor pairs"), [("fictional", 500.0), ("real faces", 48.0)]);
        // One wording for all sets, so that they stay one row each.
        for pair in shown.iter().filter(|m| m.name == "EER").collect::<Vec<_>>().windows(2) {
            assert!(
                pair[0].convention.contains("at most 500, else drawn"),
                "{}",
                pair[0].convention
            );
            assert_eq!(pair[0].convention, pair[1].convention);
        }
    }

    #[test]
    fn an_evaluator_that_also_conditions_is_told_from_one_that_does_not() {
        let mut all = all(1000);
        let evaluators = |all: &AllMetrics| of(all, 3).into_iter().map(|m| m.evaluator).collect::<Vec<_>>();
        let same = evaluators(&all);
        assert!(
            same.iter().all(|e| e == "network (also conditions the generator)"),
            "{same:?}"
        );
        all.also_conditions = false;
        let another = evaluators(&all);
        assert!(another.iter().all(|e| e == "network"), "{another:?}");
    }

    #[test]
    fn a_set_is_read_as_it_was_written() {
        let all = all(500);
        let text = serde_json::to_string(&all).unwrap();
        let read: AllMetrics = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert!(
            text.contains(r#","false_match_rate":0.1,"impostor_pairs":48,"all_impostor_pairs":true"#),
            "{text}"
        );
    }
}
