//! One side of a comparison.

use std::path::Path;

use ficta_core::{Error, Result};

use crate::{
    features::{FeatureTable, SPACE, Source, check_space, space},
    metrics::Identified,
    pipeline::{identities::IdentityTable, matrix::Matrix},
    statistics::unit_features,
};

/// People as centres, and as images where these are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Party {
    /// What messages and tables call it.
    pub name: String,
    /// Label of each person.
    pub label: Vec<i64>,
    /// Unit centres `[C,d]`.
    pub centers: Matrix,
    /// What the file says of the centre that its features have had subtracted; none where it is for the reader to subtract.
    pub space: Option<String>,
    /// Unit features of the images and the person of each.
    pub images: Option<(Matrix, Vec<i64>)>,
}

impl Party {
    /// People from labelled features of images.
    ///
    /// # Errors
    /// No labels; features without direction.
    pub fn of_images(table: &FeatureTable, center: Option<&[f32]>) -> Result<Self> {
        let identified = Identified::of(table, center)?;
        let centers = identified.centers()?.unit;
        Ok(Self {
            name: table.name.clone(),
            label: identified.label,
            centers,
            space: None,
            images: Some((identified.unit, identified.identity)),
        })
    }

    /// Reads people: labelled features of images (rows that share labels), an identities file, a candidates or selected file, or features
    /// of one row a person. `center` is subtracted from the directions of raw features; the means of an identities file and the unit
    /// features of candidates have had theirs subtracted already.
    ///
    /// # Errors
    /// Reading failed; features without direction.
    pub fn read(path: &Path, center: Option<&[f32]>) -> Result<Self> {
        let name = path.display().to_string();
        let table = match Source::read(path)? {
            Source::Tensors(file) if file.contains("mean") => {
                let ids = IdentityTable::read(path)?;
                return Ok(Self {
                    name,
                    centers: ids
                        .mean
                        .normalised("mean of identity")
                        .map_err(|e| e.context(path.display()))?,
                    label: ids.label,
                    space: Some(space(ids.center.as_deref())),
                    images: None,
                });
            }
            Source::Tensors(file) if file.contains("parents") => {
                let own = file.metadata.get(SPACE).cloned();
                let party = Self::of_centers(name, &FeatureTable::of(file)?, None)?;
                return Ok(Self { space: own, ..party });
            }
            other => other.features()?,
        };
        let several = table.label.as_ref().is_some_and(|labels| {
            let mut distinct = labels.clone();
            distinct.sort_unstable();
            distinct.dedup();
            distinct.len() < labels.len()
        });
        match several {
            true => Self::of_images(&table, center),
            false => Self::of_centers(name, &table, center),
        }
    }

    fn of_centers(name: String, table: &FeatureTable, center: Option<&[f32]>) -> Result<Self> {
        let (n, d) = (table.feature.rows, table.feature.cols);
        let unit = unit_features(&table.feature.data, d, center).map_err(|e| e.context(&name))?;
        Ok(Self {
            label: table.label.clone().unwrap_or_else(|| (0..n as i64).collect()),
            centers: Matrix::new(unit, n, d)?,
            space: None,
            images: None,
            name,
        })
    }

    /// Images or centres, and the person of each row; `None` where images are asked for and not known.
    pub fn side(&self, images: bool) -> Option<(&Matrix, Vec<i64>)> {
        match (images, &self.images) {
            (false, _) => Some((&self.centers, (0..self.centers.rows as i64).collect())),
            (true, Some((unit, person))) => Some((unit, person.clone())),
            (true, None) => None,
        }
    }

    /// Refuses features that have had another centre subtracted than `center`.
    ///
    /// # Errors
    /// Another centre.
    pub fn check_space(&self, center: Option<&[f32]>) -> Result<()> {
        check_space(&self.name, self.space.as_deref(), center)
    }

    /// Refuses features of another length.
    ///
    /// # Errors
    /// Another number of dimensions.
    pub fn check_dim(&self, other: &Self) -> Result<()> {
        if self.centers.cols == other.centers.cols {
            return Ok(());
        }
        Err(Error::data(format!(
            "{} has features of {} numbers, {} of {}",
            self.name, self.centers.cols, other.name, other.centers.cols
        ))
        .help("compare features of one encoder"))
    }
}
