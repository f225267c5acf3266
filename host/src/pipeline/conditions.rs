//! What images are conditioned on, from anyone's file.

use std::path::Path;

use ficta_core::{Error, Result};

use super::{candidates::CandidateTable, identities::IdentityTable, matrix::Matrix};
use crate::features::{Source, check_space, space};

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
    /// is none); it is subtracted from plain features if `subtract`.
    ///
    /// # Errors
    /// Reading failed; candidates or identities with another centre; features that have no direction.
    pub fn open(path: &Path, center: Option<Option<&[f32]>>, subtract: bool) -> Result<Self> {
        let has = |name: &str| matches!(Source::read(path), Ok(Source::Tensors(file)) if file.contains(name));
        if has("mean") {
            let table = IdentityTable::read(path)?;
            if let Some(center) = center {
                let own = space(table.center.as_deref());
                check_space(&path.display().to_string(), Some(&own), center)?;
            }
            return Ok(Self {
                unit: table.mean.normalised("mean of identity")?,
                shown: Shown::RealPeople,
            });
        }
        let (table, shown) = match (has("parents"), center) {
            (true, None) => (CandidateTable::read(path)?, Shown::Nobody),
            // Whose parents they are does not matter here.
            (true, Some(center)) => (
                CandidateTable::open(path, center, subtract, i64::MAX as usize)?,
                Shown::Nobody,
            ),
            (false, _) => (
                CandidateTable::open(path, center.flatten(), subtract, 0)?,
                Shown::Unknown,
            ),
        };
        Ok(Self {
            unit: table.feature,
            shown,
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
