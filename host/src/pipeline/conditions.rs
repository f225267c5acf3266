//! What images are conditioned on, from anyone's file.

use std::path::Path;

use ficta_core::{Error, Result};

use super::{candidates::CandidateTable, identities::IdentityTable, matrix::Matrix};
use crate::{
    features::{SPACE, Source, check_space, space},
    statistics::unit_features,
};

/// Whom a file of identities describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Candidates of a proposer.
    Nobody,
    /// The people of a set of faces.
    RealPeople,
    /// Features say nothing of it.
    Unknown,
}

/// Unit features, one an identity.
#[derive(Debug)]
pub struct Conditions {
    /// Unit features `[S,d]`.
    pub unit: Matrix,
    /// Whom they describe.
    pub shown: Shown,
}

impl Conditions {
    /// Reads candidates, identities, or features. `center` is that of the identities that the denoiser was trained on, where it is known (and may be that there
    /// is none); it, or else the file's own, is subtracted from plain features if `subtract`.
    ///
    /// # Errors
    /// Reading failed; features with another centre, that are not finite or have no direction.
    pub fn open(path: &Path, center: Option<Option<&[f32]>>, subtract: bool) -> Result<Self> {
        let same_space = |own: Option<&str>| match center {
            Some(center) => check_space(&path.display().to_string(), own, center),
            None => Ok(()),
        };
        let file = match Source::read(path)? {
            Source::Tensors(file) if file.contains("mean") => {
                let table = IdentityTable::of(&file)?;
                same_space(Some(&space(table.center.as_deref())))?;
                return Ok(Self {
                    unit: table.mean.normalised("mean of identity")?,
                    shown: Shown::RealPeople,
                });
            }
            Source::Tensors(file) if file.contains("parents") => {
                same_space(file.metadata.get(SPACE).map(String::as_str))?;
                let table = CandidateTable::of(file)?;
                // Whose parents they are does not matter here.
                table.check(i64::MAX as usize).map_err(|e| e.context(path.display()))?;
                return Ok(Self {
                    unit: table.feature,
                    shown: Shown::Nobody,
                });
            }
            other => other.features()?,
        };
        if file.center.is_some() {
            same_space(Some(&space(file.center.as_deref())))?;
        }
        let known = center.unwrap_or(file.center.as_deref()).filter(|_| subtract);
        let (rows, cols) = (file.feature.rows, file.feature.cols);
        let unit = unit_features(&file.feature.data, cols, known).map_err(|e| e.context(path.display()))?;
        Ok(Self {
            unit: Matrix::new(unit, rows, cols)?,
            shown: Shown::Unknown,
        })
    }

    /// The first `count` of them; 0 for all.
    ///
    /// # Errors
    /// There are fewer.
    pub fn first(mut self, count: usize) -> Result<Self> {
        let there = self.unit.rows;
        if count > there {
            return Err(Error::config(format!(
                "--count {count}, but there are {there} identities"
            )));
        }
        if count > 0 {
            self.unit = self.unit.select(&(0..count).collect::<Vec<_>>());
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Tensors;

    /// A file with one tensor of two rows, and a centre if one is given.
    fn file(folder: &Path, name: &str, center: Option<[f32; 2]>) -> std::path::PathBuf {
        let mut tensors = Tensors::new();
        tensors.insert(name, &[2, 2], vec![3f32, 4.0, 0.0, 2.0]).unwrap();
        if let Some(center) = center {
            tensors.insert("center", &[2], center.to_vec()).unwrap();
        }
        let path = folder.join(format!("{name}.safetensors"));
        tensors.write(&path).unwrap();
        path
    }

    fn rows(found: &Conditions) -> Vec<f32> {
        found.unit.data.iter().map(|x| (x * 1e4).round() / 1e4).collect()
    }

    #[test]
    fn features_are_centred_once_and_by_one_centre() {
        let folder = tempfile::tempdir().unwrap();
        let plain = file(folder.path(), "feature", None);
        let open = |path: &Path, center, subtract| Conditions::open(path, center, subtract);
        let found = open(&plain, None, true).unwrap();
        assert_eq!((rows(&found), found.shown), (vec![0.6, 0.8, 0.0, 1.0], Shown::Unknown));
        // The centre is of directions: (0.6, 0.8) - (0.6, 0) and (0, 1) - (0.6, 0).
        let center = [0.6f32, 0.0];
        let centred = vec![0.0, 1.0, -0.5145, 0.8575];
        assert_eq!(rows(&open(&plain, Some(Some(&center)), true).unwrap()), centred);
        assert_eq!(
            rows(&open(&plain, Some(Some(&center)), false).unwrap()),
            vec![0.6, 0.8, 0.0, 1.0]
        );
        // A file that has a centre of its own is taken by it, or refused where the denoiser learnt from another.
        let own = file(folder.path(), "feature", Some(center));
        assert_eq!(rows(&open(&own, None, true).unwrap()), centred);
        assert_eq!(rows(&open(&own, Some(Some(&center)), true).unwrap()), centred);
        for other in [None, Some(&[0.5f32, 0.5][..])] {
            let error = open(&own, Some(other), true).unwrap_err().to_string();
            assert!(error.contains("its features are centred by"), "{error}");
        }
    }

    #[test]
    fn candidates_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = CandidateTable::empty(2, 2);
        table.feature.data = vec![0.6, 0.8, 0.0, 1.0];
        let path = folder.path().join("selected.safetensors");
        table.tensors().unwrap().write(&path).unwrap();
        let found = Conditions::open(&path, None, true).unwrap();
        assert_eq!((rows(&found), found.shown), (vec![0.6, 0.8, 0.0, 1.0], Shown::Nobody));
        assert_eq!(found.first(1).unwrap().unit.rows, 1);
        let error = Conditions::open(&path, None, true).unwrap().first(3).unwrap_err();
        assert!(error.to_string().contains("--count 3, but there are 2"), "{error}");
        table.feature.data[1] = 3.0;
        table.tensors().unwrap().write(&path).unwrap();
        let error = Conditions::open(&path, None, true).unwrap_err().to_string();
        assert!(error.contains("candidate 0: its feature has length"), "{error}");
    }
}
