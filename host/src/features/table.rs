//! Features with what is known of their rows.

use std::{collections::BTreeMap, path::Path};

use ficta_core::{Error, Result};

use super::Source;
use crate::{
    pipeline::matrix::Matrix,
    storage::{Tensors, Values},
};

/// Raw features `[N,d]` and what is known of the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureTable {
    /// Features, not normalised, finite.
    pub feature: Matrix,
    /// Identity of each row.
    pub label: Option<Vec<i64>>,
    /// Predicted total variance of each row; NaN where unknown.
    pub variance: Option<Vec<f32>>,
    /// What is to be subtracted from the rows' directions.
    pub center: Option<Vec<f32>>,
    /// Free text of the file: who made it.
    pub metadata: BTreeMap<String, String>,
    /// What messages call it.
    pub name: String,
}

impl FeatureTable {
    /// Features with labels.
    ///
    /// # Errors
    /// Another number of labels than of rows.
    pub fn new(feature: Matrix, label: Vec<i64>) -> Result<Self> {
        if label.len() != feature.rows {
            return Err(Error::shape(format!(
                "{} labels for {} features",
                label.len(),
                feature.rows
            )));
        }
        Ok(Self {
            feature,
            label: Some(label),
            name: "features".into(),
            ..Self::default()
        })
    }

    /// Reads safetensors (`feature` `[N,d]` or the only matrix of floats; `label`, `variance`, `center` where they are), `.npy` `[N,d]`
    /// of f32 or f64, or Parquet with a list column of floats (`feature`, or the only one; integers `label` and floats `variance` where
    /// they are).
    ///
    /// # Errors
    /// Reading failed; no such tensor or column, or several; shapes that do not agree; numbers that are not finite, with the row.
    pub fn read(path: &Path) -> Result<Self> {
        Source::read(path)?.features()
    }

    /// The features among tensors.
    ///
    /// # Errors
    /// As for [`FeatureTable::read`].
    pub fn of(mut file: Tensors) -> Result<Self> {
        let name = file.to_string();
        let tensor = feature_tensor(&file)?;
        let [rows, cols] = file.tensor(&tensor)?.shape()[..] else {
            return Err(Error::shape(format!(
                "{name}: tensor `{tensor}`: expected [N, d], got {:?}",
                file.tensor(&tensor)?.shape()
            )));
        };
        let label = file.get_optional::<i64, 1>("label")?.map(|(label, _)| label.to_vec());
        let floats = |key: &str| -> Result<Option<Vec<f32>>> {
            Ok(file.get_optional::<f32, 1>(key)?.map(|(values, _)| values.to_vec()))
        };
        let (variance, center) = (floats("variance")?, floats("center")?);
        let data = match file.tensor(&tensor)?.values() {
            Values::F64(v) => v.iter().map(|x| *x as f32).collect(),
            _ => file.take::<f32, 2>(&tensor)?.0,
        };
        let table = Self {
            feature: Matrix::new(data, rows, cols)?,
            label,
            variance,
            center,
            metadata: file.metadata,
            name,
        };
        table.checked()
    }

    /// Checks what every reader must give.
    pub(super) fn checked(self) -> Result<Self> {
        let (n, d, name) = (self.feature.rows, self.feature.cols, &self.name);
        if n == 0 || d == 0 {
            return Err(Error::data(format!(
                "{name}: features of shape [{n}, {d}], expected at least one number"
            )));
        }
        let lengths = [
            ("label", self.label.as_ref().map(Vec::len), n),
            ("variance", self.variance.as_ref().map(Vec::len), n),
            ("center", self.center.as_ref().map(Vec::len), d),
        ];
        for (what, got, expected) in lengths {
            if let Some(got) = got.filter(|got| *got != expected) {
                return Err(Error::shape(format!(
                    "{name}: `{what}` has {got} elements, expected {expected} for features of shape [{n}, {d}]"
                )));
            }
        }
        if let Some(at) = self.feature.data.iter().position(|x| !x.is_finite()) {
            return Err(Error::data(format!(
                "{name}: row {}: {} in dimension {}, expected finite numbers",
                at / d,
                self.feature.data[at],
                at % d
            ))
            .help("look at the image that the row came from"));
        }
        Ok(self)
    }

    /// Identity of each row.
    ///
    /// # Errors
    /// The file has no labels.
    pub fn labels(&self) -> Result<&[i64]> {
        self.label.as_deref().ok_or_else(|| {
            Error::data(format!(
                "{}: no labels: which rows are of one identity is not known",
                self.name
            ))
            .help("add `label` (i64 [N]) to the safetensors file, or an integer column `label` to the Parquet file")
        })
    }

    /// The tensors of a features file.
    ///
    /// # Errors
    /// None that a well-formed table can give.
    pub fn tensors(self) -> Result<Tensors> {
        let (n, d) = (self.feature.rows, self.feature.cols);
        let mut tensors = Tensors::new();
        tensors.insert("feature", &[n, d], self.feature.data)?;
        if let Some(label) = self.label {
            tensors.insert("label", &[n], label)?;
        }
        if let Some(variance) = self.variance {
            tensors.insert("variance", &[n], variance)?;
        }
        if let Some(center) = self.center {
            tensors.insert("center", &[d], center)?;
        }
        tensors.metadata = self.metadata;
        Ok(tensors)
    }
}

/// The tensor of features in a file: `feature`, or the only matrix of floats.
///
/// # Errors
/// None, or several.
pub fn feature_tensor(file: &Tensors) -> Result<String> {
    if file.contains("feature") {
        return Ok("feature".into());
    }
    let is_matrix = |name: &&str| {
        file.tensor(name)
            .is_ok_and(|t| t.shape().len() == 2 && matches!(t.values(), Values::F32(_) | Values::F64(_)))
    };
    let matrices: Vec<&str> = file.names().filter(is_matrix).collect();
    match matrices[..] {
        [only] => Ok(only.to_owned()),
        _ => Err(Error::data(format!(
            "{file}: no tensor `feature`, and {} matrices of floats; it holds {}",
            matrices.len(),
            file.names().collect::<Vec<_>>().join(", ")
        ))
        .help("name the features `feature`, f32 [N, d]")),
    }
}
