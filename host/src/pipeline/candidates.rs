//! Candidates for fictional identities, as stages hold them.

use std::path::Path;

use ficta_core::{Candidates, Error, Result, TensorRef};

use super::matrix::Matrix;
use crate::{
    features::{SPACE, Source, check_space},
    statistics::unit_features,
    storage::Tensors,
};

/// The tensors of a candidates file.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateTable {
    /// Unit features `[K,d]`.
    pub feature: Matrix,
    /// Rows of the real identities, `[K,2]`; -1 where there is none.
    pub parents: Vec<i64>,
    /// Position between the parents; NaN where there is none.
    pub t: Vec<f32>,
    /// Predicted total variance; NaN where there is none.
    pub variance: Vec<f32>,
}

impl CandidateTable {
    /// Room for `k` candidates of length `d`.
    pub fn empty(k: usize, d: usize) -> Self {
        Self {
            feature: Matrix::zeros(k, d),
            parents: vec![-1; 2 * k],
            t: vec![f32::NAN; k],
            variance: vec![f32::NAN; k],
        }
    }

    /// K.
    pub fn len(&self) -> usize {
        self.t.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.t.is_empty()
    }

    /// The parents of one candidate, where it has two.
    pub fn parents_of(&self, i: usize) -> Option<(usize, usize)> {
        let row = |p: i64| usize::try_from(p).ok();
        row(self.parents[2 * i]).zip(row(self.parents[2 * i + 1]))
    }

    /// Checks what a proposer gave.
    ///
    /// # Errors
    /// Parents that do not exist, features that are not finite unit vectors, a t or a variance that is none; with the candidate.
    pub fn check(&self, real: usize) -> Result<()> {
        if let Some(at) = self.parents.iter().position(|p| *p < -1 || *p >= real as i64) {
            let (k, p) = (at / 2, self.parents[at]);
            return Err(Error::data(format!(
                "candidate {k} has parent {p}, but there are {real} real identities"
            )));
        }
        for i in 0..self.len() {
            let length = self
                .feature
                .row(i)
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum::<f64>()
                .sqrt();
            if length.is_nan() || (length - 1.0).abs() >= 1e-3 {
                return Err(Error::data(format!(
                    "candidate {i}: its feature has length {length}, expected 1"
                )));
            }
            let (t, variance) = (self.t[i], self.variance[i]);
            if t.is_infinite() {
                return Err(Error::data(format!(
                    "candidate {i} has t {t}, expected a finite number, or NaN where there is none"
                )));
            }
            if variance < 0.0 || variance.is_infinite() {
                return Err(Error::data(format!(
                    "candidate {i} has a predicted variance of {variance}, expected at least 0, or NaN where there is none"
                )));
            }
        }
        Ok(())
    }

    /// A view for a selector. Where no candidate has a predicted variance, there are none.
    ///
    /// # Errors
    /// None that a well-formed table can give.
    pub fn view(&self) -> Result<Candidates<'_>> {
        let k = self.len();
        let known = self.variance.iter().any(|v| !v.is_nan());
        Ok(Candidates {
            feature: self.feature.view()?,
            parents: Some(TensorRef::new(&self.parents, &[k, 2])?).into(),
            variance: known.then(|| TensorRef::new(&self.variance, &[k])).transpose()?.into(),
        })
    }

    /// Reads anyone's candidates: a candidates (or selected) file as it is, or features, which are made unit length after `center`, that of
    /// the real identities, was subtracted from their directions if `subtract`. Features have no parents and no t, and a predicted variance where the file has one.
    ///
    /// # Errors
    /// Reading failed; parents beyond `real` identities; candidates of identities with another centre; features that have no direction.
    pub fn open(path: &Path, center: Option<&[f32]>, subtract: bool, real: usize) -> Result<Self> {
        let file = match Source::read(path)? {
            Source::Tensors(file) if file.contains("parents") => {
                let own = file.metadata.get(SPACE).cloned();
                check_space(&file.to_string(), own.as_deref(), center)?;
                let table = Self::of(file)?;
                table.check(real).map_err(|e| e.context(path.display()))?;
                return Ok(table);
            }
            other => other.features()?,
        };
        let (k, d) = (file.feature.rows, file.feature.cols);
        let unit =
            unit_features(&file.feature.data, d, center.filter(|_| subtract)).map_err(|e| e.context(path.display()))?;
        let mut table = Self::empty(k, 0);
        table.feature = Matrix::new(unit, k, d)?;
        table.variance = file.variance.unwrap_or(table.variance);
        Ok(table)
    }

    /// The chosen candidates, in the order given.
    pub fn select(&self, chosen: &[usize]) -> Self {
        Self {
            feature: self.feature.select(chosen),
            parents: chosen
                .iter()
                .flat_map(|i| [self.parents[2 * i], self.parents[2 * i + 1]])
                .collect(),
            t: chosen.iter().map(|i| self.t[*i]).collect(),
            variance: chosen.iter().map(|i| self.variance[*i]).collect(),
        }
    }

    /// Reads a candidates (or selected) file.
    ///
    /// # Errors
    /// Reading failed; shapes that do not agree.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(Tensors::read(path)?)
    }

    pub(crate) fn of(mut file: Tensors) -> Result<Self> {
        let (feature, [rows, cols]) = file.take::<f32, 2>("feature")?;
        Ok(Self {
            feature: Matrix::new(feature, rows, cols)?,
            parents: file.get_shaped::<i64>("parents", &[rows, 2])?.to_vec(),
            t: file.get_shaped::<f32>("t", &[rows])?.to_vec(),
            variance: file.get_shaped::<f32>("variance", &[rows])?.to_vec(),
        })
    }

    /// The tensors for a file, to which more may be added.
    ///
    /// # Errors
    /// None that a well-formed table can give.
    pub fn tensors(&self) -> Result<Tensors> {
        let (k, mut tensors) = (self.len(), Tensors::new());
        tensors.insert("feature", &[k, self.feature.cols], self.feature.data.clone())?;
        tensors.insert("parents", &[k, 2], self.parents.clone())?;
        tensors.insert("t", &[k], self.t.clone())?;
        tensors.insert("variance", &[k], self.variance.clone())?;
        Ok(tensors)
    }
}
