//! A set in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Chosen, Look};
use crate::data::source::ImageSource;

/// The spread of whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub least: u64,
    /// A quarter lies below (nearest rank).
    pub quarter: u64,
    /// Half lies below.
    pub median: u64,
    /// Three quarters lie below.
    pub three_quarters: u64,
    /// The largest.
    pub largest: u64,
    /// Arithmetic mean.
    pub mean: f64,
}

impl Spread {
    /// Of these values; none where there are none.
    pub fn of(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        let n = values.len();
        let rank = |share: usize| values[(n * share).div_ceil(4).max(1) - 1];
        (n > 0).then(|| Self {
            least: values[0],
            quarter: rank(1),
            median: rank(2),
            three_quarters: rank(3),
            largest: values[n - 1],
            mean: values.iter().sum::<u64>() as f64 / n as f64,
        })
    }
}

/// A set in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Layout.
    pub format: String,
    /// Number of images.
    pub images: usize,
    /// Number of identities that have images.
    pub identities: usize,
    /// Images an identity.
    pub images_per_identity: Option<Spread>,
    /// How many identities have so many images: 1, 2, 3 to 4, 5 to 9, 10 to 19 and so on.
    pub histogram: Vec<(String, usize)>,
    /// How many images were looked at; what follows is of these.
    pub looked_at: usize,
    /// Images by width and height.
    pub sizes: BTreeMap<String, usize>,
    /// Images by encoding.
    pub encodings: BTreeMap<String, usize>,
    /// Bytes of an encoded image.
    pub bytes: Option<Spread>,
    /// Images that are grey.
    pub grey: usize,
    /// Images that are broken or empty.
    pub broken: usize,
    /// Share of the coloured images that are bluer than red in the middle; skin is the other way round in RGB.
    pub bluer_than_red: Option<f64>,
    /// Whether most are, so that red and blue are likely exchanged.
    pub channels_look_exchanged: bool,
    /// What is to know of how the set was read.
    pub notes: Vec<String>,
}

/// Bounds of the histogram's bars.
const BOUNDS: [usize; 10] = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500];

impl Summary {
    /// Puts together what was seen.
    pub fn of(source: &dyn ImageSource, chosen: Chosen, looks: &[Look]) -> Self {
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        (0..source.len()).for_each(|i| *counts.entry(source.label(i)).or_insert(0) += 1);
        counts.remove(&-1);
        let (mut sizes, mut encodings) = (BTreeMap::new(), BTreeMap::new());
        let whole = || looks.iter().filter(|l| l.fault.is_none());
        for look in whole() {
            *sizes.entry(format!("{}x{}", look.size.0, look.size.1)).or_insert(0) += 1;
        }
        looks
            .iter()
            .for_each(|l| *encodings.entry(l.encoding.to_owned()).or_insert(0) += 1);
        let colours: Vec<f32> = whole().filter_map(|l| l.red_over_blue).collect();
        let bluer = colours.iter().filter(|c| **c < 0.0).count() as f64 / colours.len().max(1) as f64;
        let bars = BOUNDS.iter().enumerate().map(|(at, from)| {
            let to = BOUNDS.get(at + 1).map(|next| next - 1);
            let inside = |n: &&u64| **n >= *from as u64 && to.is_none_or(|to| **n <= to as u64);
            let name = match to {
                Some(to) if to == *from => from.to_string(),
                Some(to) => format!("{from}-{to}"),
                None => format!("{from} and more"),
            };
            (name, counts.values().filter(inside).count())
        });
        Self {
            format: source.format().to_string(),
            images: source.len(),
            identities: counts.len(),
            images_per_identity: Spread::of(counts.values().copied().collect()),
            histogram: bars.filter(|(_, n)| *n > 0).collect(),
            looked_at: chosen.count(),
            sizes,
            encodings,
            bytes: Spread::of(looks.iter().map(|l| u64::from(l.bytes)).collect()),
            grey: whole().count() - colours.len(),
            broken: looks.len() - whole().count(),
            bluer_than_red: (!colours.is_empty()).then_some(bluer),
            channels_look_exchanged: colours.len() >= 5 && bluer > 0.7,
            notes: source
                .notes()
                .into_iter()
                .chain(source.damage().into_iter().map(|d| format!("damaged: {d}")))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_nearest_ranks() {
        let spread = Spread::of(vec![4, 1, 3, 2]).unwrap();
        assert_eq!(
            (
                spread.least,
                spread.quarter,
                spread.median,
                spread.three_quarters,
                spread.largest
            ),
            (1, 1, 2, 3, 4)
        );
        assert_eq!((spread.mean, Spread::of(vec![])), (2.5, None));
    }
}
