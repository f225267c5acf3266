//! Feature vectors, checked, and their exact cosines.

use ficta_core::{Error, Result, TensorRef};

/// N vectors that have a direction.
pub(crate) struct Rows<'a> {
    data: &'a [f32],
    norm: Vec<f64>,
    /// Each row over its norm, rounded.
    unit: Vec<f32>,
    dim: usize,
}

impl<'a> Rows<'a> {
    /// Reads f32 `[N,d]`; `what` names a row in messages.
    pub(crate) fn read(tensor: &'a TensorRef<'_>, what: &str) -> Result<Self> {
        let [rows, dim] = tensor.dims(what)?;
        if dim == 0 && rows > 0 {
            return Err(Error::shape(format!("{what}: features have no dimension")));
        }
        let data = tensor.as_slice::<f32>()?;
        let (mut norm, mut unit) = (Vec::with_capacity(rows), Vec::with_capacity(data.len()));
        for (row, x) in data.chunks_exact(dim.max(1)).enumerate() {
            if let Some(k) = x.iter().position(|x| !x.is_finite()) {
                return Err(Error::data(format!("{what} row {row} is {} in dimension {k}", x[k]))
                    .help("look for broken features, and compute what this was made from anew"));
            }
            let length = dot(x, x).sqrt();
            if length == 0.0 {
                return Err(Error::data(format!("{what} row {row} is zero, so it has no direction"))
                    .help("look for broken features, and compute what this was made from anew"));
            }
            norm.push(length);
            unit.extend(x.iter().map(|x| (f64::from(*x) / length) as f32));
        }
        Ok(Self { data, norm, unit, dim })
    }

    /// N.
    pub(crate) fn len(&self) -> usize {
        self.norm.len()
    }

    /// d.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.dim..][..self.dim]
    }

    /// `count` rows from `first`, each scaled to length 1, rounded to f32.
    pub(crate) fn units(&self, first: usize, count: usize) -> &[f32] {
        &self.unit[first * self.dim..][..count * self.dim]
    }

    /// The cosine of row `i` with row `j` of `other`, in f64 and the same whichever is asked of which. Never beyond -1..=1, so that a
    /// threshold of 1 lets duplicates pass.
    pub(crate) fn cosine(&self, i: usize, other: &Self, j: usize) -> f64 {
        (dot(self.row(i), other.row(j)) / (self.norm[i] * other.norm[j])).clamp(-1.0, 1.0)
    }
}

/// In f64, as eight partial sums in a fixed order: the compiler may use vector registers, and every machine gets the same bits.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let (mut a8, mut b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let mut lanes = [0f64; 8];
    for (x, y) in (&mut a8).zip(&mut b8) {
        for k in 0..8 {
            lanes[k] += f64::from(x[k]) * f64::from(y[k]);
        }
    }
    let rest: f64 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum();
    lanes.iter().sum::<f64>() + rest
}
