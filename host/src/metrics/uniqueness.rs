use ficta_core::Result;

use super::cosine;
use crate::{
    pipeline::matrix::Matrix,
    similarity::{Neighbour, top_k},
};

/// Of each of the unit class centres c `[C,d]` 1 where cos(c_n, c_m) < r for all m < n before it, else 0.
pub fn uniqueness_of_each(centers: &Matrix, r: f64) -> Vec<f64> {
    let unique = |n: usize| (0..n).all(|m| cosine(centers.row(n), centers.row(m)) < r);
    (0..centers.rows).map(|n| f64::from(u8::from(unique(n)))).collect()
}

/// ID uniqueness U = #{n : cos(c_n, c_m) < r for all m < n} / C over unit class centres c `[C,d]` (DCFace, section 4): the share of
/// identities that are no near copy of one before them. NaN without identities.
pub fn uniqueness(centers: &Matrix, r: f64) -> f64 {
    uniqueness_of_each(centers, r).iter().sum::<f64>() / centers.rows as f64
}

/// Of each class centre, the most similar one before it; `None` for the first. An identity is unique at r where that cosine is below r,
/// so that this gives [`uniqueness`] at every r, at the cost of a matrix product.
///
/// # Errors
/// What `progress` returns.
pub fn nearest_before(centers: &Matrix, progress: impl FnMut(usize) -> Result<()>) -> Result<Vec<Option<Neighbour>>> {
    let nearest = top_k(centers, centers, 1, |n, m| m >= n, progress)?;
    Ok(nearest.into_iter().map(|best| best.first().copied()).collect())
}
