//! Many labels in little memory, with the names of the identities where a set gives names.

use std::collections::BTreeMap;

use ficta_core::{Error, Result};

use crate::data::natural_order;

/// A label an image: four bytes each, whatever the labels are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// Place in `distinct` of each image's label.
    place: Vec<u32>,
    distinct: Vec<i64>,
    /// By label where identities have names: name of identity `i` is `names[i]`.
    names: BTreeMap<i64, String>,
}

impl Labels {
    /// The label of an image.
    ///
    /// # Panics
    /// Where there is no such image.
    pub(crate) fn get(&self, index: usize) -> i64 {
        self.distinct[self.place[index] as usize]
    }

    /// Number of images.
    pub(crate) fn len(&self) -> usize {
        self.place.len()
    }

    /// The name of an identity.
    pub(crate) fn name(&self, label: i64) -> Option<String> {
        self.names.get(&label).cloned()
    }

    /// How many identities have names.
    pub(crate) fn named(&self) -> usize {
        self.names.len()
    }

    /// Adds names of identities.
    pub(crate) fn set_names(&mut self, names: impl IntoIterator<Item = (i64, String)>) {
        self.names.extend(names);
    }
}

/// Collects labels that are numbers or names.
#[derive(Debug, Default)]
pub(crate) struct LabelBuilder {
    numbers: BTreeMap<i64, u32>,
    names: BTreeMap<String, u32>,
    place: Vec<u32>,
}

impl LabelBuilder {
    /// The next image's label, a number.
    ///
    /// # Errors
    /// More than 2^32 identities; names before.
    pub(crate) fn number(&mut self, label: i64) -> Result<()> {
        if !self.names.is_empty() {
            return Err(mixed(&label.to_string()));
        }
        let next = next(self.numbers.len())?;
        self.place.push(*self.numbers.entry(label).or_insert(next));
        Ok(())
    }

    /// The next image's label, a name.
    ///
    /// # Errors
    /// More than 2^32 identities; numbers before.
    pub(crate) fn name(&mut self, name: &str) -> Result<()> {
        if !self.numbers.is_empty() {
            return Err(mixed(name));
        }
        let next = next(self.names.len())?;
        let place = match self.names.get(name) {
            Some(place) => *place,
            None => {
                self.names.insert(name.to_owned(), next);
                next
            }
        };
        self.place.push(place);
        Ok(())
    }

    /// The labels. Names are numbered from 0 in natural order (s2 before s10).
    pub(crate) fn finish(self) -> Labels {
        let mut place = self.place;
        place.shrink_to_fit();
        if self.names.is_empty() {
            let mut distinct = vec![0; self.numbers.len()];
            for (label, at) in self.numbers {
                distinct[at as usize] = label;
            }
            return Labels {
                place,
                distinct,
                names: BTreeMap::new(),
            };
        }
        let mut sorted: Vec<_> = self.names.into_iter().collect();
        sorted.sort_by(|a, b| natural_order::compare(&a.0, &b.0));
        let mut distinct = vec![0; sorted.len()];
        let mut names = BTreeMap::new();
        for (label, (name, at)) in (0..).zip(sorted) {
            distinct[at as usize] = label;
            names.insert(label, name);
        }
        Labels { place, distinct, names }
    }
}

fn next(distinct: usize) -> Result<u32> {
    u32::try_from(distinct).map_err(|_| Error::unsupported("more than 4294967296 identities"))
}

fn mixed(label: &str) -> Error {
    Error::data(format!(
        "label `{label}`: some labels of the set are numbers and others are names"
    ))
    .help("make them all numbers or all names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_what_they_are() {
        let mut builder = LabelBuilder::default();
        let all = [7, -1, 7, i64::MAX, 0];
        all.iter().for_each(|l| builder.number(*l).unwrap());
        assert!(builder.name("s1").unwrap_err().message().contains("`s1`"));
        let labels = builder.finish();
        assert_eq!((0..labels.len()).map(|i| labels.get(i)).collect::<Vec<_>>(), all);
        assert_eq!(labels.name(7), None);
    }

    #[test]
    fn names_are_numbered_in_natural_order() {
        let mut builder = LabelBuilder::default();
        ["s10", "s2", "s10", "s1"].iter().for_each(|l| builder.name(l).unwrap());
        assert!(builder.number(3).is_err());
        let labels = builder.finish();
        assert_eq!((0..4).map(|i| labels.get(i)).collect::<Vec<_>>(), [2, 1, 2, 0]);
        assert_eq!(labels.name(1).as_deref(), Some("s2"));
    }
}
