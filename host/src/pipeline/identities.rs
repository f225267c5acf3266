//! Statistics of real identities, as stages hold them.

use std::{fmt, path::Path};

use ficta_core::{Error, Identities, Result, TensorRef};
use serde::Serialize;

use super::matrix::Matrix;
use crate::{
    features::{FeatureTable, Source},
    statistics::{self, CentringReport, StatisticsConfig, unit_features},
    storage::Tensors,
};

/// The tensors of an identities file.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityTable {
    /// Mean of each identity's unit features `[M,d]`.
    pub mean: Matrix,
    /// Total variance; NaN where it is unknown.
    pub variance: Vec<f32>,
    /// Variance of each dimension `[M,d]`, where it is known.
    pub variance_per_dim: Option<Matrix>,
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
            variance_per_dim: self.variance_per_dim.as_ref().map(Matrix::view).transpose()?.into(),
            count: TensorRef::new(&self.count, &[m])?,
        })
    }

    /// Describes the identities of labelled raw features.
    ///
    /// # Errors
    /// Features without labels; see [`statistics::describe`].
    pub fn describe(features: &FeatureTable, settings: &StatisticsConfig) -> Result<(Self, Described)> {
        let dim = features.feature.cols;
        let labels = features.labels()?;
        let (s, centring) = statistics::describe(&features.feature.data, dim, labels, settings)?;
        let m = s.label.len();
        let how = Described {
            centring,
            pooled_variance: s.pooled_variance,
            shrinkage: s.shrinkage,
        };
        let table = Self {
            mean: Matrix::new(s.mean, m, dim)?,
            variance: s.variance,
            variance_per_dim: Some(Matrix::new(s.variance_per_dim, m, dim)?),
            count: s.count,
            label: s.label,
            center: s.center,
        };
        Ok((table, how))
    }

    /// Reads anyone's identities: an identities file, or features of one row an identity, whose variances are unknown.
    ///
    /// # Errors
    /// Reading failed; several features of one label; features that have no direction.
    pub fn open(path: &Path) -> Result<Self> {
        let file = match Source::read(path)? {
            Source::Tensors(file) if file.contains("mean") => return Self::of(&file),
            other => other.features()?,
        };
        let (m, d) = (file.feature.rows, file.feature.cols);
        let label = file.label.unwrap_or_else(|| (0..m as i64).collect());
        let mut distinct = label.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < m {
            return Err(Error::data(format!(
                "{}: {m} features of {} identities; expected identities, or one feature each",
                path.display(),
                distinct.len()
            ))
            .help(format!(
                "`ficta stats --features {} --out IDS.safetensors` describes the identities",
                path.display()
            )));
        }
        let unit =
            unit_features(&file.feature.data, d, file.center.as_deref()).map_err(|e| e.context(path.display()))?;
        Ok(Self {
            mean: Matrix::new(unit, m, d)?,
            variance: vec![f32::NAN; m],
            variance_per_dim: None,
            count: vec![1; m],
            label,
            center: file.center,
        })
    }

    /// Reads an identities file.
    ///
    /// # Errors
    /// Reading failed; shapes that do not agree.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(&Tensors::read(path)?)
    }

    pub(crate) fn of(file: &Tensors) -> Result<Self> {
        let (mean, [m, d]) = file.get::<f32, 2>("mean")?;
        Ok(Self {
            mean: Matrix::new(mean.to_vec(), m, d)?,
            variance: file.get_shaped::<f32>("variance", &[m])?.to_vec(),
            variance_per_dim: match file.contains("variance_per_dim") {
                true => Some(Matrix::new(
                    file.get_shaped::<f32>("variance_per_dim", &[m, d])?.to_vec(),
                    m,
                    d,
                )?),
                false => None,
            },
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
        if let Some(per_dim) = &self.variance_per_dim {
            tensors.insert("variance_per_dim", &[m, d], per_dim.data.clone())?;
        }
        tensors.insert("count", &[m], self.count.clone())?;
        tensors.insert("label", &[m], self.label.clone())?;
        if let Some(center) = &self.center {
            tensors.insert("center", &[d], center.clone())?;
        }
        tensors.write(path)
    }
}

/// How identities were described.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described {
    /// What was found and done about a narrow cone of features.
    pub centring: CentringReport,
    /// Pooled total variance over all identities.
    pub pooled_variance: f64,
    /// Pseudo-observations of the pooled variance that each identity's own was mixed with.
    pub shrinkage: f64,
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mean impostor cosine {:.3}, ", self.centring.impostor_before)?;
        match self.centring.applied {
            true => write!(f, "centred: {:.3}", self.centring.impostor_after)?,
            false => f.write_str("not centred")?,
        }
        write!(
            f,
            "; pooled variance {:.3}, shrinkage {:.1}",
            self.pooled_variance, self.shrinkage
        )
    }
}
