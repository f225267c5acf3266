/// The smallest cosine threshold r at which no more than a share `rate` of the impostor cosines exceeds r: the (k + 1)-th largest of n,
/// with k the largest count for which k / n is at most `rate`. NaN without impostors.
pub fn threshold_at_false_match_rate(impostor: &[f32], rate: f64) -> f64 {
    let mut sorted: Vec<f32> = impostor.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let n = sorted.len() as f64;
    // The product may fall short of a whole number by its rounding, where the quotient does not.
    let below = (rate * n).floor();
    let allowed = if (below + 1.0) / n <= rate { below + 1.0 } else { below };
    sorted
        .get(allowed as usize)
        .or(sorted.last())
        .map_or(f64::NAN, |r| f64::from(*r))
}
