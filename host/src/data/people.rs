//! The images of a set by identity.

use std::collections::BTreeMap;

use ficta_core::{Error, Result};

use super::source::ImageSource;

/// Identities in order of label, each with its images in order of index. Four bytes an image are held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    labels: Vec<i64>,
    names: Vec<String>,
    /// Images of identity `p` are `images[starts[p]..starts[p + 1]]`.
    starts: Vec<usize>,
    images: Vec<u32>,
}

impl People {
    /// Groups a set's images. Identities that the set lists and that have no image are there too, without images.
    ///
    /// # Errors
    /// An image whose label cannot be read, with the reason; more than 2^32 images.
    pub fn of(source: &dyn ImageSource) -> Result<Self> {
        if let Some(damage) = source.damage().first() {
            let error = Error::data(format!("the set is damaged: {damage}"));
            return Err(error
                .help("`ficta data validate` lists what is wrong; `ficta data convert --repair` keeps what is whole"));
        }
        if let Some(index) = (0..source.len()).find(|index| source.label(*index) < 0) {
            source.bytes(index)?;
            let message = format!(
                "{}: its label is {}, expected 0 or above",
                source.name(index),
                source.label(index)
            );
            return Err(Error::data(message)
                .help("`ficta data validate` lists all such images; `ficta data convert --repair` leaves them out"));
        }
        Self::of_readable(source)
    }

    /// The same for the images whose labels can be read, whatever damage there is beside them.
    ///
    /// # Errors
    /// More than 2^32 images.
    pub fn of_readable(source: &dyn ImageSource) -> Result<Self> {
        if u32::try_from(source.len()).is_err() {
            return Err(Error::unsupported(format!(
                "the set has {} images, expected fewer than 2^32",
                source.len()
            )));
        }
        let mut counts: BTreeMap<i64, usize> = (0..source.listed_identities() as i64).map(|label| (label, 0)).collect();
        for index in 0..source.len() {
            let label = source.label(index);
            if label < 0 {
                continue;
            }
            *counts.entry(label).or_insert(0) += 1;
        }
        let mut starts = vec![0];
        // From here on `counts` holds where the next image of a label goes.
        for place in counts.values_mut() {
            let start = starts[starts.len() - 1];
            starts.push(start + *place);
            *place = start;
        }
        let mut images = vec![0; starts[starts.len() - 1]];
        for index in 0..source.len() {
            if let Some(place) = counts.get_mut(&source.label(index)) {
                images[*place] = index as u32;
                *place += 1;
            }
        }
        let labels: Vec<i64> = counts.into_keys().collect();
        let name = |label: &i64| source.identity_name(*label).unwrap_or_else(|| label.to_string());
        Ok(Self {
            names: labels.iter().map(name).collect(),
            labels,
            starts,
            images,
        })
    }

    /// Number of identities.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The label of an identity.
    ///
    /// # Panics
    /// Where there is no such identity; so do the other methods.
    pub fn label(&self, person: usize) -> i64 {
        self.labels[person]
    }

    /// The name of an identity: the set's, else its label.
    pub fn name(&self, person: usize) -> &str {
        &self.names[person]
    }

    /// Indices of an identity's images.
    pub fn images(&self, person: usize) -> &[u32] {
        &self.images[self.starts[person]..self.starts[person + 1]]
    }

    /// Number of images of all identities.
    pub fn image_count(&self) -> usize {
        self.images.len()
    }

    /// Image `at` of all, identity after identity: its index in the source and its identity's place.
    ///
    /// # Panics
    /// Where there are no so many.
    pub fn image_at(&self, at: usize) -> (usize, usize) {
        let person = self.starts.partition_point(|start| *start <= at) - 1;
        (self.images[at] as usize, person)
    }

    /// Checks that each has `min_images` images, and one at least.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::DATA`] with the first that has fewer.
    pub fn check_counts(&self, min_images: usize) -> Result<()> {
        for person in 0..self.len() {
            let found = self.images(person).len();
            if found >= min_images.max(1) {
                continue;
            }
            let images = if found == 1 {
                "1 image".to_owned()
            } else {
                format!("{found} images")
            };
            let message = format!(
                "person `{}` has {images}, expected at least {min_images}",
                self.name(person)
            );
            return Err(Error::data(message).help(if found == 1 {
                "the variance of an identity needs two images: add one, remove the person, or set data.min_images = 1"
            } else {
                "add images, remove the person's folder, or lower data.min_images"
            }));
        }
        Ok(())
    }

    /// Images and labels of the chosen identities, one after the other. Labels count the chosen from 0.
    pub fn images_of(&self, people: &[usize]) -> (Vec<usize>, Vec<i64>) {
        let of_person = |(label, person): (i64, &usize)| self.images(*person).iter().map(move |i| (*i as usize, label));
        (0..).zip(people).flat_map(of_person).unzip()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::source::FolderSource;

    fn people(files: &[&str]) -> People {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        People::of(&FolderSource::open(folder.path()).unwrap()).unwrap()
    }

    #[test]
    fn images_are_grouped() {
        let people = people(&["a/1.png", "a/2.png", "b/1.png", "c/1.png", "c/2.png", "c/3.png"]);
        assert_eq!((people.len(), people.name(1), people.label(2)), (3, "b", 2));
        assert_eq!(people.images(2), [3, 4, 5]);
        assert_eq!(people.images_of(&[2, 0]), (vec![3, 4, 5, 0, 1], vec![0, 0, 0, 1, 1]));
        let (indices, labels) = people.images_of(&[0, 1, 2]);
        let one_by_one: Vec<_> = (0..people.image_count()).map(|at| people.image_at(at)).collect();
        assert_eq!(
            one_by_one,
            indices
                .into_iter()
                .zip(labels.into_iter().map(|l| l as usize))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_person_with_one_image_is_an_error_unless_allowed() {
        let people = people(&["s1/1.png", "s1/2.png", "s7/1.png"]);
        let one = people.check_counts(2).unwrap_err();
        assert_eq!(one.message(), "person `s7` has 1 image, expected at least 2");
        assert!(one.help_text().unwrap().contains("variance of an identity needs two"));
        people.check_counts(1).unwrap();
        assert_eq!(
            people.check_counts(3).unwrap_err().message(),
            "person `s1` has 2 images, expected at least 3"
        );
    }

    #[test]
    fn a_person_without_images_is_an_error() {
        let people = people(&["s1/1.png", "s2/readme.txt"]);
        assert_eq!(
            people.check_counts(1).unwrap_err().message(),
            "person `s2` has 0 images, expected at least 1"
        );
    }
}
