//! The list of what is wrong with a set.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Chosen, Fault, Look, NearIndex};
use crate::data::source::ImageSource;

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The set's own files are damaged: images are missing.
    Damaged,
    /// An image that cannot be read or decoded.
    Corrupt,
    /// An image of no bytes.
    Empty,
    /// The same bytes as an image before it.
    Duplicate,
    /// Nearly the same picture as an image before it (dHash, at most 2 of 128 bits).
    NearDuplicate,
    /// Labels between the least and the largest that no image has, or labels that do not begin at 0.
    LabelGap,
    /// An image whose label cannot be read.
    NoLabel,
    /// An identity with one image.
    SingleImage,
    /// An image of another size than most.
    WrongSize,
    /// The same bytes as an image of the other set.
    Leak,
    /// Nearly the same picture as an image of the other set.
    NearLeak,
    /// A feature close to one of the other set.
    CosineLeak,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// Index of the image in the set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// Where the image lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The identity's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<i64>,
    /// In words.
    pub detail: String,
    /// The image that it is a double of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

impl Finding {
    /// A finding on an image.
    pub fn on(source: &dyn ImageSource, kind: Kind, index: usize, detail: impl Into<String>) -> Self {
        Self {
            kind,
            index: Some(index),
            image: Some(source.name(index)),
            label: Some(source.label(index)),
            detail: detail.into(),
            other: None,
        }
    }

    /// A finding on the set or on an identity.
    pub fn general(kind: Kind, label: Option<i64>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            index: None,
            image: None,
            label,
            detail: detail.into(),
            other: None,
        }
    }
}

/// What is expected of the images.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Width and height; by default those of most images.
    pub size: Option<(u16, u16)>,
}

/// The size of most images; of equally frequent ones the smallest.
fn usual_size(looks: &[Look]) -> Option<(u16, u16)> {
    let mut counts = BTreeMap::new();
    looks
        .iter()
        .filter(|l| l.fault.is_none())
        .for_each(|l| *counts.entry(l.size).or_insert(0usize) += 1);
    counts.into_iter().rev().max_by_key(|(_, n)| *n).map(|(size, _)| size)
}

/// What is wrong with a set whose `chosen` images were looked at, in order of image; then what concerns identities.
pub fn findings(source: &dyn ImageSource, chosen: Chosen, looks: &[Look], wanted: Wanted) -> Vec<Finding> {
    let mut out: Vec<Finding> = source
        .damage()
        .into_iter()
        .map(|d| Finding::general(Kind::Damaged, None, d))
        .collect();
    let size = wanted.size.or_else(|| usual_size(looks));
    let mut seen: HashMap<[u8; 16], usize> = HashMap::new();
    let mut near = NearIndex::default();
    for (at, look) in looks.iter().enumerate() {
        let index = chosen.index(at);
        match look.fault.as_deref() {
            Some(Fault::Empty) => {
                out.push(Finding::on(source, Kind::Empty, index, "0 bytes"));
                continue;
            }
            Some(Fault::Corrupt(why)) => {
                out.push(Finding::on(source, Kind::Corrupt, index, why.clone()));
                continue;
            }
            None => {}
        }
        if source.label(index) < 0 {
            out.push(Finding::on(source, Kind::NoLabel, index, "its label cannot be read"));
        }
        if let Some(size) = size.filter(|size| *size != look.size) {
            let detail = format!("{}x{}, expected {}x{}", look.size.0, look.size.1, size.0, size.1);
            out.push(Finding::on(source, Kind::WrongSize, index, detail));
        }
        let double = |kind, before: usize, what: &str| {
            let whose = if source.label(before) == source.label(index) {
                "of the same identity"
            } else {
                "of another identity"
            };
            Finding {
                other: Some(source.name(before)),
                ..Finding::on(source, kind, index, format!("{what} an image {whose}"))
            }
        };
        if let Some(before) = seen.get(&look.hash) {
            out.push(double(Kind::Duplicate, *before, "the same bytes as"));
            continue;
        }
        seen.insert(look.hash, index);
        if let Some((before, bits)) = near.nearest(look.sight) {
            out.push(double(
                Kind::NearDuplicate,
                before as usize,
                &format!("{bits} of 128 bits from"),
            ));
        } else {
            near.insert(look.sight, index as u32);
        }
    }
    identities(source, &mut out);
    out
}

fn identities(source: &dyn ImageSource, out: &mut Vec<Finding>) {
    let mut counts: BTreeMap<i64, usize> = (0..source.listed_identities() as i64).map(|l| (l, 0)).collect();
    for index in 0..source.len() {
        *counts.entry(source.label(index)).or_insert(0) += 1;
    }
    let mut next = 0;
    for (label, count) in counts.into_iter().filter(|(label, _)| *label >= 0) {
        let name = source
            .identity_name(label)
            .map_or_else(|| label.to_string(), |name| format!("{label} ({name})"));
        if label > next {
            let missing = label - next;
            let detail = match missing {
                1 => format!("no image has label {next}"),
                n => format!("no image has one of the {n} labels from {next} to {}", label - 1),
            };
            out.push(Finding::general(Kind::LabelGap, Some(next), detail));
        }
        next = label + 1;
        match count {
            0 => out.push(Finding::general(
                Kind::LabelGap,
                Some(label),
                format!("identity {name} has no images"),
            )),
            1 => out.push(Finding::general(
                Kind::SingleImage,
                Some(label),
                format!("identity {name} has one image"),
            )),
            _ => {}
        }
    }
}
