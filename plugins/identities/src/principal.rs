//! Principal axes of the real identities' directions.

use ficta_core::{Ctx, Result};
use nalgebra::{DMatrix, linalg::SymmetricEigen};

use crate::endpoints::Endpoints;

/// Identities after which the host is asked whether to go on.
const STEP: usize = 256;

/// Axes and what the identities have along them.
pub(crate) struct Principal {
    /// What the axes are taken around: the mean of the directions, or 0.
    pub(crate) origin: Vec<f64>,
    /// Mean square along each axis, descending, never below 0.
    pub(crate) energy: Vec<f64>,
    axes: Vec<f64>,
}

impl Principal {
    /// Axes of the covariance of the directions (divided by M - 1).
    pub(crate) fn covariance(ends: &Endpoints, ctx: &Ctx<'_>) -> Result<Self> {
        let (rows, dim) = (ends.len(), ends.dim());
        let mut mean = vec![0.0; dim];
        for row in 0..rows {
            mean.iter_mut().zip(ends.unit(row)).for_each(|(m, x)| *m += x);
        }
        mean.iter_mut().for_each(|m| *m /= rows as f64);
        Self::around(mean, (rows - 1) as f64, ends, ctx)
    }

    /// Axes of the second moment of the directions (divided by M): the last r of them span the r dimensions with the least mean square
    /// cosine to the identities.
    pub(crate) fn second_moment(ends: &Endpoints, ctx: &Ctx<'_>) -> Result<Self> {
        Self::around(vec![0.0; ends.dim()], ends.len() as f64, ends, ctx)
    }

    fn around(origin: Vec<f64>, divisor: f64, ends: &Endpoints, ctx: &Ctx<'_>) -> Result<Self> {
        let (rows, dim) = (ends.len(), ends.dim());
        let mut sum = vec![0.0; dim * dim];
        let mut x = vec![0.0; dim];
        for row in 0..rows {
            if row % STEP == 0 {
                ctx.progress(row as u64, rows as u64, "identities described")?;
            }
            let unit = ends.unit(row).iter().zip(&origin);
            x.iter_mut().zip(unit).for_each(|(x, (u, o))| *x = u - o);
            for i in 0..dim {
                // The upper half; the other is its mirror image.
                let line = &mut sum[i * dim..][i..dim];
                line.iter_mut().zip(&x[i..]).for_each(|(s, y)| *s += x[i] * y);
            }
        }
        ctx.progress(rows as u64, rows as u64, "identities described")?;
        let matrix = DMatrix::from_fn(dim, dim, |i, j| sum[i.min(j) * dim + i.max(j)] / divisor);
        let eigen = SymmetricEigen::new(matrix);
        let mut order: Vec<usize> = (0..dim).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let mut axes = Vec::with_capacity(dim * dim);
        for column in &order {
            let axis: Vec<f64> = eigen.eigenvectors.column(*column).iter().copied().collect();
            // An axis has no sign of its own: its largest component (the first of equals) is made positive.
            let largest = axis
                .iter()
                .copied()
                .fold(0.0f64, |l, x| if x.abs() > l.abs() { x } else { l });
            axes.extend(axis.iter().map(|x| x * largest.signum()));
        }
        Ok(Self {
            origin,
            energy: order.iter().map(|i| eigen.eigenvalues[*i].max(0.0)).collect(),
            axes,
        })
    }

    /// Axis `i` in order of energy, `[d]`.
    pub(crate) fn axis(&self, i: usize) -> &[f64] {
        let dim = self.energy.len();
        &self.axes[i * dim..][..dim]
    }

    /// Axes along which the identities have anything but rounding.
    pub(crate) fn rank(&self) -> usize {
        let least = self.energy.first().copied().unwrap_or(0.0) * 1e-12;
        self.energy.iter().take_while(|e| **e > least).count()
    }
}
