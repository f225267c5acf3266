//! The worst offenders as a contact sheet.

use std::path::{Path, PathBuf};

use ficta_core::{Error, Result};

use super::{Level, Match};
use crate::{
    data::{ImageFolder, png},
    report::contact::{Pair, contact_sheet},
};

/// Images of people, in the order of the features.
pub struct Album {
    files: Vec<PathBuf>,
    /// First image of each person.
    first: Vec<usize>,
}

impl Album {
    /// Lists a folder; its images must be those that the features are of, in the order that `ficta encode` gives.
    ///
    /// # Errors
    /// Listing failed; another number of images than of features.
    pub fn read(folder: &Path, features: usize) -> Result<Self> {
        let listed = ImageFolder::read(folder, 1)?;
        let people: Vec<usize> = (0..listed.len()).collect();
        let (files, labels) = listed.images_of(&people);
        if files.len() != features {
            return Err(Error::data(format!(
                "{} holds {} images, but there are {features} features",
                folder.display(),
                files.len()
            ))
            .help("name the folder that the features were computed from"));
        }
        let first = (0..people.len() as i64)
            .map(|p| labels.partition_point(|l| *l < p))
            .collect();
        Ok(Self { files, first })
    }

    fn file(&self, person: usize, image: Option<usize>) -> Result<&PathBuf> {
        let row = image.or_else(|| self.first.get(person).copied());
        row.and_then(|row| self.files.get(row))
            .ok_or_else(|| Error::data(format!("person {person} has no image in the folder")))
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
            first: png::read(fictional.file(m.person, m.image)?)?,
            first_words: format!("fictional {}", m.label),
            second: png::read(real.file(m.like, m.like_image)?)?,
            second_words: format!("real {}", m.like_label),
        });
    }
    contact_sheet(&format!("Fictional people nearest to real ones, {level}"), &pairs)
}
