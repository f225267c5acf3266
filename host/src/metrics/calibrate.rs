/// The smallest cosine threshold r at which no more than a share `rate` of the impostor cosines exceeds r: the (floor(rate n) + 1)-th
/// largest of n. NaN without impostors.
pub fn threshold_at_false_match_rate(impostor: &[f32], rate: f64) -> f64 {
    let mut sorted: Vec<f32> = impostor.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let allowed = (rate * sorted.len() as f64).floor() as usize;
    sorted
        .get(allowed)
        .or(sorted.last())
        .map_or(f64::NAN, |r| f64::from(*r))
}
