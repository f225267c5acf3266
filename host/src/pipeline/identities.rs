//! Statistics of real identities, as stages hold them.

use std::path::Path;

use ficta_core::{Identities, Result, TensorRef};

use super::matrix::Matrix;
use crate::storage::Tensors;

/// The tensors of an identities file.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityTable {
    /// Mean of each identity's unit features `[M,d]`.
    pub mean: Matrix,
    /// Total variance.
    pub variance: Vec<f32>,
    /// Variance of each dimension `[M,d]`.
    pub variance_per_dim: Matrix,
    /// Images of each identity.
    pub count: Vec<i64>,
    /// Label of each identity.
    pub label: Vec<i64>,
    /// What is subtracted from normalised features; applies to every later feature of the encoder.
    pub center: Option<Vec<f32>>,
}

impl IdentityTable {
    /// M.
    pub fn len(&self) -> usize {
        self.variance.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.variance.is_empty()
    }

    /// A view for components.
    ///
    /// # Errors
    /// None that a well-formed table can give.
    pub fn view(&self) -> Result<Identities<'_>> {
        let m = self.len();
        Ok(Identities {
            mean: self.mean.view()?,
            variance: TensorRef::new(&self.variance, &[m])?,
            variance_per_dim: Some(self.variance_per_dim.view()?).into(),
            count: TensorRef::new(&self.count, &[m])?,
        })
    }

    /// Reads an identities file.
    ///
    /// # Errors
    /// Reading failed; shapes that do not agree.
    pub fn read(path: &Path) -> Result<Self> {
        let file = Tensors::read(path)?;
        let (mean, [m, d]) = file.get::<f32, 2>("mean")?;
        Ok(Self {
            mean: Matrix::new(mean.to_vec(), m, d)?,
            variance: file.get_shaped::<f32>("variance", &[m])?.to_vec(),
            variance_per_dim: Matrix::new(file.get_shaped::<f32>("variance_per_dim", &[m, d])?.to_vec(), m, d)?,
            count: file.get_shaped::<i64>("count", &[m])?.to_vec(),
            label: file.get_shaped::<i64>("label", &[m])?.to_vec(),
            center: file
                .get_optional::<f32, 1>("center")?
                .map(|(center, _)| center.to_vec()),
        })
    }

    /// Writes an identities file.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write(&self, path: &Path) -> Result<()> {
        let (m, d) = (self.len(), self.mean.cols);
        let mut tensors = Tensors::new();
        tensors.insert("mean", &[m, d], self.mean.data.clone())?;
        tensors.insert("variance", &[m], self.variance.clone())?;
        tensors.insert("variance_per_dim", &[m, d], self.variance_per_dim.data.clone())?;
        tensors.insert("count", &[m], self.count.clone())?;
        tensors.insert("label", &[m], self.label.clone())?;
        if let Some(center) = &self.center {
            tensors.insert("center", &[d], center.clone())?;
        }
        tensors.write(path)
    }
}
