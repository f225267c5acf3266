//! Rows of f32, as stages hold features.

use ficta_core::{Error, Result, TensorRef};

/// `rows` x `cols` numbers, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// The numbers.
    pub data: Vec<f32>,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
}

impl Matrix {
    /// Zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self {
            data: vec![0.0; rows * cols],
            rows,
            cols,
        }
    }

    /// Wraps numbers.
    ///
    /// # Errors
    /// A count other than `rows * cols`.
    pub fn new(data: Vec<f32>, rows: usize, cols: usize) -> Result<Self> {
        if data.len() != rows * cols {
            return Err(Error::shape(format!(
                "{} numbers for {rows} rows of {cols}",
                data.len()
            )));
        }
        Ok(Self { data, rows, cols })
    }

    /// One row.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.cols..][..self.cols]
    }

    /// The chosen rows, in the order given.
    pub fn select(&self, rows: &[usize]) -> Self {
        let data = rows.iter().flat_map(|i| self.row(*i)).copied().collect();
        Self {
            data,
            rows: rows.len(),
            cols: self.cols,
        }
    }

    /// Each row divided by its length.
    ///
    /// # Errors
    /// A row that is zero or not finite; `what` names the rows in the message.
    pub fn normalised(&self, what: &str) -> Result<Self> {
        let mut out = self.clone();
        for (i, row) in out.data.chunks_exact_mut(self.cols.max(1)).enumerate() {
            let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            if !(norm.is_finite() && norm > 0.0) {
                return Err(Error::data(format!(
                    "{what} {i}: its length is {norm}, so it has no direction"
                )));
            }
            row.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
        }
        Ok(out)
    }

    /// A view for a component.
    ///
    /// # Errors
    /// None that a well-formed matrix can give.
    pub fn view(&self) -> Result<TensorRef<'_>> {
        TensorRef::new(&self.data, &[self.rows, self.cols])
    }
}
