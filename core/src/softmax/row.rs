//! The loops over one row of logits, written so that the compiler vectorises them and every machine computes the same bits: fixed lanes, no fused
//! multiply-add, no library exponential.

const LANES: usize = 8;

/// Multiplies every value.
pub(super) fn multiply(values: &mut [f32], factor: f32) {
    for value in values {
        *value *= factor;
    }
}

/// The largest value; NaN is passed over.
pub(super) fn maximum(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, *value);
        }
    }
    lanes
        .into_iter()
        .chain(rest.iter().copied())
        .fold(f32::NEG_INFINITY, larger)
}

/// Replaces every value by exp(value - max) and returns the sum.
pub(super) fn exponentiate(values: &mut [f32], max: f32) -> f64 {
    for value in values.iter_mut() {
        *value = exp(*value - max);
    }
    let mut lanes = [0f64; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(*value);
        }
    }
    lanes
        .into_iter()
        .chain(rest.iter().map(|value| f64::from(*value)))
        .sum()
}

/// The sum of the products, in f64.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0f64; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += f64::from(*a) * f64::from(*b);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| f64::from(*a) * f64::from(*b));
    lanes.into_iter().chain(rest).sum()
}

/// e^x for x <= 0, within 2 units in the last place; 0 below -80, where a probability is of no account and its products would be denormal.
///
/// With n the integer nearest x / ln 2: e^x = 2^n e^r for r = x - n ln 2, and e^r by the polynomial of Moshier's Cephes (`expf`).
#[inline]
fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits of the mantissa.
    const SHIFT: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 355.0 / 512.0;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // NaN passes both comparisons and reaches the sum, so that it cannot go unseen.
    let floored = if x < -80.0 { -80.0 } else { x };
    let shifted = floored * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = (floored - n * LN2_HIGH) - n * LN2_LOW;
    let p = 1.987_569_1e-4 * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let e_to_r = p * (r * r) + r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(SHIFT.to_bits()).wrapping_add(127) << 23;
    e_to_r * f32::from_bits(if x < -80.0 { 0 } else { exponent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        let mut worst = 0f64;
        for i in 0..=800_000 {
            let x = -(i as f32) * 1e-4;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - exact).abs() / exact);
        }
        assert!(worst < 2.0 * f64::from(f32::EPSILON), "{worst:e}");
        assert_eq!((exp(0.0), exp(-80.1), exp(f32::NEG_INFINITY)), (1.0, 0.0, 0.0));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn remainders_beyond_the_lanes_count() {
        for n in 1..40 {
            let mut values: Vec<f32> = (0..n).map(|i| -(((i * 7) % n) as f32) / 4.0).collect();
            let last = n - 1;
            values[last] += 1.0;
            let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(maximum(&values), max, "{n} values");
            let exact: f64 = values.iter().map(|v| f64::from(v - max).exp()).sum();
            let expected = f64::from(values[last] - max).exp();
            let sum = exponentiate(&mut values, max);
            assert!((sum - exact).abs() < 1e-6 * exact, "{n} values: {sum} against {exact}");
            assert!((f64::from(values[last]) - expected).abs() < 1e-6, "{n} values");
        }
    }
}
