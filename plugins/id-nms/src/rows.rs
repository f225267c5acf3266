//! Feature vectors, checked, and their exact cosines.

use ficta_core::{Error, Result, TensorRef};

use crate::dot::{Dot, dot};

/// N vectors that have a direction. Borrows them; of its own it keeps one number a row.
pub(crate) struct Rows<'a> {
    data: &'a [f32],
    norm: Vec<f64>,
    dim: usize,
    dot: Dot,
}

impl<'a> Rows<'a> {
    /// Reads f32 `[N,d]`; `what` names a row in messages.
    pub(crate) fn read(tensor: &'a TensorRef<'_>, what: &str) -> Result<Self> {
        let [rows, dim] = tensor.dims(what)?;
        if dim == 0 && rows > 0 {
            return Err(Error::shape(format!("{what}: features have no dimension")));
        }
        let (data, dot) = (tensor.as_slice::<f32>()?, dot());
        let mut norm = Vec::with_capacity(rows);
        for (row, x) in data.chunks_exact(dim.max(1)).enumerate() {
            let length = dot(x, x).sqrt();
            // Finite numbers of f32 have a finite length in f64.
            if !length.is_finite() {
                let k = x.iter().position(|x| !x.is_finite()).unwrap_or(0);
                return Err(Error::data(format!("{what} row {row} is {} in dimension {k}", x[k]))
                    .help("look for broken features, and compute what this was made from anew"));
            }
            if length == 0.0 {
                return Err(Error::data(format!("{what} row {row} is zero, so it has no direction"))
                    .help("look for broken features, and compute what this was made from anew"));
            }
            norm.push(length);
        }
        Ok(Self { data, norm, dim, dot })
    }

    /// All numbers, row by row.
    pub(crate) fn numbers(&self) -> &[f32] {
        self.data
    }

    /// N.
    pub(crate) fn len(&self) -> usize {
        self.norm.len()
    }

    /// d.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// Row `i` as given.
    pub(crate) fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.dim..][..self.dim]
    }

    /// Length of row `i`.
    pub(crate) fn norm(&self, i: usize) -> f64 {
        self.norm[i]
    }

    /// The cosine of row `i` with row `j` of `other`, in f64 and the same whichever is asked of which. Never beyond -1..=1, so that a
    /// threshold of 1 lets duplicates pass.
    pub(crate) fn cosine(&self, i: usize, other: &Rows<'_>, j: usize) -> f64 {
        ((self.dot)(self.row(i), other.row(j)) / (self.norm[i] * other.norm[j])).clamp(-1.0, 1.0)
    }
}
