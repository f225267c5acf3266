use super::cosine;
use crate::pipeline::matrix::Matrix;

/// ID uniqueness U = #{n : cos(c_n, c_m) < r for all m < n} / C over unit class centres c `[C,d]` (DCFace, section 4): the share of
/// identities that are no near copy of one before them. NaN without identities.
pub fn uniqueness(centers: &Matrix, r: f64) -> f64 {
    let unique = (0..centers.rows)
        .filter(|n| (0..*n).all(|m| cosine(centers.row(*n), centers.row(m)) < r))
        .count();
    unique as f64 / centers.rows as f64
}
