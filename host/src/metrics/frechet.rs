use ficta_core::{Ctx, Error, Result};
use nalgebra::{DMatrix, linalg::SymmetricEigen};

use crate::pipeline::matrix::Matrix;

/// The Frechet distance between Gaussians fitted to two sets of features (Dowson and Landau 1982; the FID of Heusel et al. 2017 on other
/// features): |m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2)), covariances divided by N - 1. In f64; the root's trace is the sum of
/// the roots of the eigenvalues of S_1^(1/2) S_2 S_1^(1/2), which stays real where the covariances are singular.
///
/// # Errors
/// Sets of different dimensions or of fewer than two features; cancellation.
pub fn frechet_distance(first: &Matrix, second: &Matrix, ctx: &Ctx<'_>) -> Result<f64> {
    if first.cols != second.cols {
        return Err(Error::shape(format!(
            "features of {} and of {} numbers",
            first.cols, second.cols
        )));
    }
    let ((m1, s1), (m2, s2)) = (gaussian(first, ctx)?, gaussian(second, ctx)?);
    let between: f64 = m1.iter().zip(&m2).map(|(a, b)| (a - b).powi(2)).sum();
    let eigen = SymmetricEigen::new(s1.clone());
    let mut scaled = eigen.eigenvectors.clone();
    for (mut column, value) in scaled.column_iter_mut().zip(eigen.eigenvalues.iter()) {
        column *= value.max(0.0).sqrt();
    }
    let root = &scaled * eigen.eigenvectors.transpose();
    let product = &root * &s2 * &root;
    let symmetric = (&product + product.transpose()) * 0.5;
    let trace: f64 = symmetric
        .symmetric_eigenvalues()
        .iter()
        .map(|l| l.max(0.0).sqrt())
        .sum();
    Ok((between + s1.trace() + s2.trace() - 2.0 * trace).max(0.0))
}

/// Mean and covariance.
fn gaussian(x: &Matrix, ctx: &Ctx<'_>) -> Result<(Vec<f64>, DMatrix<f64>)> {
    let (n, d) = (x.rows, x.cols);
    if n < 2 {
        return Err(Error::data(format!(
            "{n} features have no covariance; at least two are needed"
        )));
    }
    let mut mean = vec![0f64; d];
    for i in 0..n {
        mean.iter_mut()
            .zip(x.row(i))
            .for_each(|(m, x)| *m += f64::from(*x) / n as f64);
    }
    let mut sum = DMatrix::<f64>::zeros(d, d);
    // Rows in blocks, so that the products are matrix products.
    for start in (0..n).step_by(256) {
        let rows = 256.min(n - start);
        let block = DMatrix::from_fn(rows, d, |i, k| f64::from(x.row(start + i)[k]) - mean[k]);
        sum.gemm_tr(1.0, &block, &block, 1.0);
        ctx.progress((start + rows) as u64, n as u64, "images, their covariance")?;
    }
    Ok((mean, sum / (n as f64 - 1.0)))
}
