//! Features that were computed elsewhere.

use std::path::{Path, PathBuf};

use ficta_core::{Error, Result};
use rayon::prelude::*;

use super::protocol::{Protocol, norm};
use crate::{
    features::{FeatureTable, Kind, feature_tensor},
    storage::{Tensor, Tensors, Values, npy},
};

/// Raw features of the images of a set, and perhaps of their mirror images.
pub struct Features {
    path: PathBuf,
    feature: Tensor,
    mirrored: Option<Tensor>,
}

impl Features {
    /// Reads a features file of any kind that [`FeatureTable::read`] reads, f64 of safetensors and .npy as such; safetensors may hold `feature_flip` too, of the same shape.
    ///
    /// # Errors
    /// As for [`FeatureTable::read`]; another shape.
    pub fn read(path: &Path) -> Result<Self> {
        let (feature, mirrored) = match Kind::of(path)? {
            Kind::Tensors => {
                let mut tensors = Tensors::read(path)?;
                let name = feature_tensor(&tensors)?;
                (tensors.take_tensor(&name)?, tensors.take_tensor("feature_flip").ok())
            }
            Kind::Npy => (npy::read(path)?, None),
            Kind::Parquet => {
                let table = FeatureTable::read(path)?.feature;
                (Tensor::new(&[table.rows, table.cols], table.data)?, None)
            }
        };
        Self::new(path, feature, mirrored)
    }

    /// Wraps features; `origin` names them in messages.
    ///
    /// # Errors
    /// Other than two dimensions, an element type other than f32 and f64, mirrored features of another shape.
    pub fn new(origin: &Path, feature: Tensor, mirrored: Option<Tensor>) -> Result<Self> {
        for (name, tensor) in [("feature", Some(&feature)), ("feature_flip", mirrored.as_ref())] {
            let Some(tensor) = tensor else { continue };
            let is_float = matches!(tensor.values(), Values::F32(_) | Values::F64(_));
            if !is_float || tensor.shape().len() != 2 || tensor.shape()[1] == 0 || tensor.shape() != feature.shape() {
                return Err(Error::shape(format!(
                    "{}: `{name}`: expected floats [N,d], the same for `feature` and `feature_flip`, got {:?} {:?}",
                    origin.display(),
                    tensor.values().dtype(),
                    tensor.shape()
                )));
            }
        }
        Ok(Self {
            path: origin.to_owned(),
            feature,
            mirrored,
        })
    }

    /// Number of images.
    pub fn rows(&self) -> usize {
        self.feature.shape()[0]
    }

    /// [`Protocol::distance`] of each of `pairs` of rows: the sum of an image's feature and its mirror image's, where there is one, divided by its length.
    /// All in f64.
    ///
    /// # Errors
    /// A row that is not there, not finite or zero; with file and row.
    pub fn distances(&self, pairs: &[[usize; 2]], protocol: Protocol) -> Result<Vec<f64>> {
        let dim = self.feature.shape()[1];
        if let Some(row) = pairs.iter().flatten().find(|row| **row >= self.rows()) {
            return Err(Error::data(format!(
                "{}: there is no row {row}, only {}",
                self.path.display(),
                self.rows()
            )));
        }
        // In order, so that the first bad row is the one that is named.
        let all: Vec<Result<f64>> = pairs
            .par_iter()
            .map_init(
                || (vec![0.0; dim], vec![0.0; dim]),
                |(a, b), [first, second]| {
                    self.unit(*first, a)?;
                    self.unit(*second, b)?;
                    Ok(protocol.distance(a, b))
                },
            )
            .collect();
        all.into_iter().collect()
    }

    fn unit(&self, row: usize, out: &mut [f64]) -> Result<()> {
        let dim = out.len();
        let range = row * dim..(row + 1) * dim;
        match self.feature.values() {
            Values::F32(v) => out
                .iter_mut()
                .zip(&v[range.clone()])
                .for_each(|(o, x)| *o = f64::from(*x)),
            Values::F64(v) => out.copy_from_slice(&v[range.clone()]),
            _ => {}
        }
        match self.mirrored.as_ref().map(Tensor::values) {
            Some(Values::F32(v)) => out.iter_mut().zip(&v[range]).for_each(|(o, x)| *o += f64::from(*x)),
            Some(Values::F64(v)) => out.iter_mut().zip(&v[range]).for_each(|(o, x)| *o += x),
            _ => {}
        }
        let length = norm(out);
        if !(length.is_finite() && length > 0.0) {
            let what = match out.iter().position(|x| !x.is_finite()) {
                Some(column) => format!("holds {} at column {column}", out[column]),
                None => format!("has length {length}, and so no direction"),
            };
            return Err(
                Error::data(format!("{}: the feature of row {row} {what}", self.path.display()))
                    .help("look at that image, and at the network that made the feature"),
            );
        }
        out.iter_mut().for_each(|x| *x /= length);
        Ok(())
    }
}
