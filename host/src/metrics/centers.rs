use ficta_core::{Error, Result};

use crate::{features::FeatureTable, pipeline::matrix::Matrix, statistics::unit_features};

/// Unit features with the identity of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Identified {
    /// Unit features `[N,d]`.
    pub unit: Matrix,
    /// Label of each identity, ascending.
    pub label: Vec<i64>,
    /// Identity of each feature, as an index into `label`.
    pub identity: Vec<i64>,
}

/// Class centres of [`Identified`] features.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCenters {
    /// Unit centres `[C,d]`: the mean of an identity's unit features over its length.
    pub unit: Matrix,
    /// Features of each identity.
    pub count: Vec<i64>,
}

impl Identified {
    /// Numbers the identities of unit features by ascending label.
    ///
    /// # Errors
    /// Another number of labels than of features.
    pub fn new(unit: Matrix, labels: &[i64]) -> Result<Self> {
        if labels.len() != unit.rows {
            return Err(Error::shape(format!(
                "{} labels for {} features",
                labels.len(),
                unit.rows
            )));
        }
        let mut label = labels.to_vec();
        label.sort_unstable();
        label.dedup();
        let at = |l: &i64| label.partition_point(|x| x < l) as i64;
        let identity = labels.iter().map(at).collect();
        Ok(Self { unit, label, identity })
    }

    /// Unit features of a table, with `center` subtracted from their directions.
    ///
    /// # Errors
    /// No labels; features without direction, with the row.
    pub fn of(table: &FeatureTable, center: Option<&[f32]>) -> Result<Self> {
        let (n, d) = (table.feature.rows, table.feature.cols);
        let unit = unit_features(&table.feature.data, d, center).map_err(|e| e.context(&table.name))?;
        Self::new(Matrix::new(unit, n, d)?, table.labels()?)
    }

    /// The class centres.
    ///
    /// # Errors
    /// An identity whose features cancel each other, with its label.
    pub fn centers(&self) -> Result<ClassCenters> {
        let (c, d) = (self.label.len(), self.unit.cols);
        let (mut sum, mut count) = (vec![0f64; c * d], vec![0i64; c]);
        for (i, id) in self.identity.iter().enumerate() {
            count[*id as usize] += 1;
            let sum = &mut sum[*id as usize * d..][..d];
            sum.iter_mut()
                .zip(self.unit.row(i))
                .for_each(|(s, x)| *s += f64::from(*x));
        }
        let mut unit = Vec::with_capacity(sum.len());
        for (sum, label) in sum.chunks_exact(d).zip(&self.label) {
            let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length < 1e-6 {
                return Err(Error::data(format!(
                    "the features of identity {label} cancel each other, so it has no centre"
                ))
                .help("check its labels, or leave the identity out"));
            }
            unit.extend(sum.iter().map(|x| (x / length) as f32));
        }
        Ok(ClassCenters {
            unit: Matrix::new(unit, c, d)?,
            count,
        })
    }
}
