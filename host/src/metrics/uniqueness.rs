use ficta_core::{Ctx, Result};

use crate::{
    pipeline::matrix::Matrix,
    similarity::{Neighbour, top_k},
};

/// Of each unit class centre c `[C,d]`, the most similar one before it; `None` for the first.
///
/// # Errors
/// Cancellation.
pub fn nearest_before(centers: &Matrix, ctx: &Ctx<'_>) -> Result<Vec<Option<Neighbour>>> {
    let counted = |n: usize| ctx.progress(n as u64, centers.rows as u64, "identities compared");
    let nearest = top_k(centers, centers, 1, |n, m| m >= n, counted)?;
    Ok(nearest.into_iter().map(|best| best.first().copied()).collect())
}

/// Of each class centre c_n 1 where cos(c_n, c_m) < r for all m < n before it, else 0, from the nearest before each. The mean is ID
/// uniqueness U = #{n : cos(c_n, c_m) < r for all m < n} / C (DCFace, section 4): the share of identities that are no near copy of one
/// before them.
pub fn uniqueness_of_each(before: &[Option<Neighbour>], r: f64) -> Vec<f64> {
    let unique = |b: &Option<Neighbour>| b.is_none_or(|b| b.cosine < r);
    before.iter().map(|b| f64::from(u8::from(unique(b)))).collect()
}
