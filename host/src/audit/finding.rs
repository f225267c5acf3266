//! What the audit finds at each level.

use std::collections::BTreeMap;

use ficta_core::{Ctx, Error, Result};
use serde::Serialize;

use super::{Level, Party};
use crate::{
    metrics::{impostors_between, threshold_at_false_match_rate},
    similarity::top_k,
};

/// How to audit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// False-match rate on real impostor pairs at which thresholds are calibrated.
    pub false_match_rate: f64,
    /// One threshold for all levels, instead of calibrating.
    pub threshold: Option<f64>,
    /// Impostor pairs to calibrate on, at most; above that they are drawn.
    pub pairs: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Nearest references kept of each fictional person.
    pub k: usize,
}

/// A fictional person (or an image of theirs) and the reference nearest to them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// Index of the fictional person.
    pub person: usize,
    /// Their label.
    pub label: i64,
    /// Row of their image; none for the centre.
    pub image: Option<usize>,
    /// Index of the person that they are like.
    pub like: usize,
    /// The label of that person.
    pub like_label: i64,
    /// Row of the image that they are like; none for the centre.
    pub like_image: Option<usize>,
    /// Cosine similarity.
    pub cosine: f64,
}

/// What was found at one level against one set of real people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The real people.
    pub reference: String,
    /// What was compared with what.
    pub level: Level,
    /// Cosine similarity above which two are taken for one person.
    pub threshold: f64,
    /// Real impostor pairs that it was calibrated on; 0 where it was given.
    pub impostor_pairs: usize,
    /// Fictional people.
    pub people: usize,
    /// Fictional people above the threshold to any reference.
    pub above: usize,
    /// Real people (of the set that fictional ones were made from) that were looked at in the same way.
    pub real_people: usize,
    /// Real people above the threshold to any *other* person of the reference.
    pub real_above: usize,
    /// The largest cosine of a fictional person.
    pub largest: f64,
    /// The `k` nearest references of each fictional person, by person, nearest first.
    #[serde(skip)]
    pub matches: Vec<Match>,
}

/// Audits `fictional` against `real` and then against each of `benchmarks`, at every level that both sides have images for.
///
/// # Errors
/// Features of different lengths; too few real people to calibrate on; cancellation.
pub fn audit(
    fictional: &Party,
    real: &Party,
    benchmarks: &[Party],
    settings: &Settings,
    ctx: &Ctx<'_>,
) -> Result<Vec<Finding>> {
    let mut out = Vec::new();
    for level in Level::ALL {
        let Some((threshold, pairs)) = threshold(real, level, settings, ctx)? else {
            continue;
        };
        for (at, reference) in std::iter::once(real).chain(benchmarks).enumerate() {
            fictional.check_dim(reference)?;
            let what = format!("{level} against {}", reference.name);
            let Some(matches) = nearest(fictional, reference, level, settings.k, false, &what, ctx)? else {
                continue;
            };
            let theirs = nearest(real, reference, level, 1, at == 0, &format!("real people, {what}"), ctx)?;
            out.push(Finding {
                reference: reference.name.clone(),
                level,
                threshold,
                impostor_pairs: pairs,
                people: fictional.label.len(),
                above: people_above(&matches, threshold),
                real_people: real.label.len(),
                real_above: theirs.map_or(0, |m| people_above(&m, threshold)),
                largest: matches.iter().map(|m| m.cosine).fold(f64::NEG_INFINITY, f64::max),
                matches,
            });
        }
    }
    Ok(out)
}

/// The threshold of a level and the pairs that it was calibrated on; `None` where the real people lack images for it.
fn threshold(real: &Party, level: Level, settings: &Settings, ctx: &Ctx<'_>) -> Result<Option<(f64, usize)>> {
    if let Some(given) = settings.threshold {
        return Ok(Some((given, 0)));
    }
    let (first, second) = level.of_images();
    let (Some(first), Some(second)) = (real.side(first), real.side(second)) else {
        return Ok(None);
    };
    let impostors = impostors_between(
        (first.0, &first.1),
        (second.0, &second.1),
        settings.pairs,
        (settings.seed, "audit.impostors"),
        ctx,
    )?;
    let threshold = threshold_at_false_match_rate(&impostors, settings.false_match_rate);
    if threshold.is_nan() {
        return Err(Error::data(format!(
            "{}: one person, so there is no impostor pair to calibrate on",
            real.name
        ))
        .help("give two or more real people, or --threshold"));
    }
    Ok(Some((threshold, impostors.len())))
}

impl Finding {
    /// Whether this cosine is above the threshold; both as f32, in which the threshold was calibrated.
    pub fn is_above(&self, cosine: f64) -> bool {
        is_above(cosine, self.threshold)
    }
}

fn is_above(cosine: f64, threshold: f64) -> bool {
    cosine as f32 > threshold as f32
}

fn people_above(matches: &[Match], threshold: f64) -> usize {
    let mut people: Vec<usize> = matches
        .iter()
        .filter(|m| is_above(m.cosine, threshold))
        .map(|m| m.person)
        .collect();
    people.dedup();
    people.len()
}

/// The `k` nearest references of each person of `party`; `None` where a side lacks images. `others` leaves a person's own label out.
fn nearest(
    party: &Party,
    reference: &Party,
    level: Level,
    k: usize,
    others: bool,
    what: &str,
    ctx: &Ctx<'_>,
) -> Result<Option<Vec<Match>>> {
    let (first, second) = level.of_images();
    let (Some((queries, person)), Some((rows, like))) = (party.side(first), reference.side(second)) else {
        return Ok(None);
    };
    let total = queries.rows as u64;
    let found = top_k(
        queries,
        rows,
        k,
        |i, j| others && person[i] == like[j],
        |done| ctx.progress(done as u64, total, what),
    )?;
    let mut of_person: BTreeMap<i64, Vec<Match>> = BTreeMap::new();
    for (i, neighbours) in found.iter().enumerate() {
        let all = of_person.entry(person[i]).or_default();
        all.extend(neighbours.iter().map(|n| Match {
            person: person[i] as usize,
            label: party.label[person[i] as usize],
            image: first.then_some(i),
            like: like[n.row] as usize,
            like_label: reference.label[like[n.row] as usize],
            like_image: second.then_some(n.row),
            cosine: n.cosine,
        }));
        // Stable: ties stay in order of image and reference.
        all.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
        all.truncate(k);
    }
    Ok(Some(of_person.into_values().flatten().collect()))
}

#[cfg(test)]
mod tests {
    use ficta_core::NullHost;

    use super::*;
    use crate::{features::FeatureTable, pipeline::matrix::Matrix};

    fn party(name: &str, directions: &[[f32; 4]], images: usize) -> Party {
        let mut data = Vec::new();
        let mut labels = Vec::new();
        for (person, direction) in directions.iter().enumerate() {
            for image in 0..images {
                let mut row = *direction;
                row[3] += 0.05 * image as f32;
                data.extend(row);
                labels.push(person as i64 + 10);
            }
        }
        let feature = Matrix::new(data, directions.len() * images, 4).unwrap();
        let mut table = FeatureTable::new(feature, labels).unwrap();
        table.name = name.into();
        Party::of_images(&table, None).unwrap()
    }

    fn settings() -> Settings {
        Settings {
            false_match_rate: 0.01,
            threshold: None,
            pairs: 10_000,
            seed: 0,
            k: 2,
        }
    }

    const REAL: [[f32; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.6, 0.8, 0.0]];

    #[test]
    fn a_copy_is_found_at_every_level_and_a_stranger_at_none() {
        let real = party("real", &REAL, 3);
        let fictional = party("fictional", &[[-1.0, -0.2, 0.0, 0.0], [0.99, 0.1, 0.0, 0.0]], 3);
        let host = NullHost::default();
        let found = audit(&fictional, &real, &[], &settings(), &Ctx::new(&host)).unwrap();
        assert_eq!(found.iter().map(|f| f.level).collect::<Vec<_>>(), Level::ALL);
        for f in &found {
            assert_eq!((f.people, f.above), (2, 1), "{f:?}");
            // The threshold is the largest cosine of two real people, which only they reach.
            assert_eq!((f.real_people, f.real_above), (3, 0), "{f:?}");
            assert!((0.6..0.7).contains(&f.threshold), "{f:?}");
            let worst = f.matches.iter().max_by(|a, b| a.cosine.total_cmp(&b.cosine)).unwrap();
            assert_eq!((worst.label, worst.like_label), (11, 10));
            assert_eq!(f.matches.len(), 4);
            assert_eq!(worst.image.is_some(), f.level != Level::CentreCentre);
            assert_eq!(worst.like_image.is_some(), f.level == Level::ImageImage);
        }
    }

    #[test]
    fn a_benchmark_is_looked_at_beside_the_real_people() {
        let real = party("real", &REAL, 2);
        let benchmark = party("benchmark", &[[0.0, 1.0, -0.2, 0.0], [0.0, 0.0, -1.0, 0.0]], 2);
        let fictional = party("fictional", &[[-1.0, 0.0, -0.1, 0.0]], 2);
        let host = NullHost::default();
        let found = audit(&fictional, &real, &[benchmark], &settings(), &Ctx::new(&host)).unwrap();
        let of: Vec<_> = found.iter().filter(|f| f.reference == "benchmark").collect();
        assert_eq!(of.len(), 3);
        for f in of {
            // Real person 11 stands in the benchmark; the fictional one does not.
            assert_eq!((f.above, f.real_above), (0, 1), "{f:?}");
        }
    }

    #[test]
    fn without_images_centres_alone_are_compared() {
        let mut real = party("real", &REAL, 2);
        let fictional = party("fictional", &[[-1.0, 0.0, 0.0, 0.0]], 2);
        real.images = None;
        let host = NullHost::default();
        let found = audit(&fictional, &real, &[], &settings(), &Ctx::new(&host)).unwrap();
        assert_eq!(found.len(), 1);
        let given = Settings {
            threshold: Some(0.4),
            ..settings()
        };
        let found = audit(&fictional, &real, &[], &given, &Ctx::new(&host)).unwrap();
        // A given threshold needs no real images to be calibrated on.
        assert_eq!(found.len(), 2);
        let one = party("one", &REAL[..1], 2);
        let error = audit(&fictional, &one, &[], &settings(), &Ctx::new(&host)).unwrap_err();
        assert!(error.message().contains("no impostor pair"), "{error}");
    }
}
