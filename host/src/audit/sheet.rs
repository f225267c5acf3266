//! The worst offenders as a contact sheet.

use std::path::Path;

use ficta_core::{Error, Result};

use super::{Level, Match};
use crate::{
    data::{ImageSource, People, Rgb, source},
    report::contact::{Pair, contact_sheet},
};

/// Images of people, in the order of the features.
pub struct Album {
    source: Box<dyn ImageSource>,
    /// Indices in the source.
    images: Vec<usize>,
    /// First image of each person.
    first: Vec<usize>,
}

impl Album {
    /// Opens a set; its images must be those that the features are of, in the order that `ficta encode` gives.
    ///
    /// # Errors
    /// No set that can be read; another number of images than of features.
    pub fn read(folder: &Path, features: usize) -> Result<Self> {
        let source = source::open(folder)?;
        let listed = People::of(&*source)?;
        listed.check_counts(1)?;
        let people: Vec<usize> = (0..listed.len()).collect();
        let (images, labels) = listed.images_of(&people);
        if images.len() != features {
            return Err(Error::data(format!(
                "{} holds {} images, but there are {features} features",
                folder.display(),
                images.len()
            ))
            .help("name the set that the features were computed from"));
        }
        let first = (0..people.len() as i64)
            .map(|p| labels.partition_point(|l| *l < p))
            .collect();
        Ok(Self { source, images, first })
    }

    fn image(&self, person: usize, image: Option<usize>) -> Result<Rgb> {
        let row = image.or_else(|| self.first.get(person).copied());
        let index = row
            .and_then(|row| self.images.get(row))
            .ok_or_else(|| Error::data(format!("person {person} has no image in the set")))?;
        self.source.decode(*index)
    }
}

/// A PNG of these matches, each fictional image beside the real one that it is like; a centre is shown by its person's first image.
///
/// # Errors
/// An image that cannot be read.
pub fn sheet(level: Level, matches: &[&Match], fictional: &Album, real: &Album) -> Result<Vec<u8>> {
    let mut pairs = Vec::new();
    for (rank, m) in matches.iter().enumerate() {
        pairs.push(Pair {
            name: format!("{}. {:.3}", rank + 1, m.cosine),
            first: fictional.image(m.person, m.image)?,
            first_words: format!("fictional {}", m.label),
            second: real.image(m.like, m.like_image)?,
            second_words: format!("real {}", m.like_label),
        });
    }
    contact_sheet(&format!("Fictional people nearest to real ones, {level}"), &pairs)
}
