//! Points between two unit vectors.

use ficta_core::Error;
use schemars::JsonSchema;
use serde::Deserialize;

/// How to go from one unit vector to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// Along the great circle, at constant speed.
    #[default]
    Slerp,
    /// Along the chord, then back to length 1.
    Lerp,
}

/// Below this length of a + b, rounding in f32 input decides where between opposite vectors a point lies.
const MIN_SUM: f64 = 1e-5;

/// Below this angle, in radians, the arc is its chord to the last bit of f64.
const MIN_ANGLE: f64 = 1e-8;

/// The error for identities between which nothing lies.
pub(crate) fn opposite(a: usize, b: usize) -> Error {
    Error::data(format!(
        "identity rows {a} and {b} point in opposite directions, so nothing lies between them"
    ))
    .help("check the two for broken features; where there are only two identities, centring makes them opposite: switch it off")
}

/// The way between two unit vectors.
pub(crate) struct Way<'a> {
    a: &'a [f64],
    b: &'a [f64],
    /// Euclidean distance.
    chord: f64,
    /// Radians.
    angle: f64,
}

impl<'a> Way<'a> {
    /// The way from `a` to `b`; none where they are opposite, because every great circle through one then meets the other.
    pub(crate) fn between(a: &'a [f64], b: &'a [f64]) -> Option<Self> {
        let (mut difference, mut sum) = (0.0, 0.0);
        for (x, y) in a.iter().zip(b) {
            difference += (x - y) * (x - y);
            sum += (x + y) * (x + y);
        }
        let (chord, sum) = (difference.sqrt(), sum.sqrt());
        // Kahan's formula: exact for small and large angles, where the arc cosine loses half of the digits.
        (sum >= MIN_SUM).then(|| Self {
            a,
            b,
            chord,
            angle: 2.0 * libm::atan2(chord, sum),
        })
    }

    /// Euclidean distance of the ends.
    pub(crate) fn chord(&self) -> f64 {
        self.chord
    }

    /// Writes the unit vector at `t`, measured from a.
    pub(crate) fn point(&self, interpolation: Interpolation, t: f64, out: &mut [f32]) {
        let (wa, wb) = match interpolation {
            Interpolation::Slerp if self.angle > MIN_ANGLE => {
                let sine = libm::sin(self.angle);
                (
                    libm::sin((1.0 - t) * self.angle) / sine,
                    libm::sin(t * self.angle) / sine,
                )
            }
            _ => (1.0 - t, t),
        };
        let written = write_unit(out, |k| wa * self.a[k] + wb * self.b[k]);
        debug_assert!(written, "the ends are not opposite, so no point between them is 0");
    }

    /// Writes the unit vector along `(1 - t_k) a_k + t_k b_k`; false where that vanishes.
    #[must_use]
    pub(crate) fn point_per_dim(&self, t: &[f64], out: &mut [f32]) -> bool {
        write_unit(out, |k| (1.0 - t[k]) * self.a[k] + t[k] * self.b[k])
    }
}

/// Scales the vector with these components to length 1; false where it is too short for that.
pub(crate) fn write_unit(out: &mut [f32], component: impl Fn(usize) -> f64) -> bool {
    let norm = (0..out.len()).map(|k| component(k).powi(2)).sum::<f64>().sqrt();
    if norm < MIN_SUM / 4.0 {
        return false;
    }
    for (k, slot) in out.iter_mut().enumerate() {
        *slot = (component(k) / norm) as f32;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(a: [f64; 2], b: [f64; 2], how: Interpolation, t: f64) -> [f32; 2] {
        let mut out = [0.0; 2];
        Way::between(&a, &b).expect("not opposite").point(how, t, &mut out);
        out
    }

    #[test]
    fn slerp_divides_the_angle() {
        let third = at([1.0, 0.0], [0.0, 1.0], Interpolation::Slerp, 1.0 / 3.0);
        let expected = [(std::f64::consts::PI / 6.0).cos() as f32, 0.5];
        assert!(
            (third[0] - expected[0]).abs() < 1e-7 && (third[1] - expected[1]).abs() < 1e-7,
            "{third:?}"
        );
    }

    #[test]
    fn lerp_divides_the_chord() {
        let third = at([1.0, 0.0], [0.0, 1.0], Interpolation::Lerp, 1.0 / 3.0);
        assert!((third[0] / third[1] - 2.0).abs() < 1e-6, "{third:?}");
    }

    #[test]
    fn parallel_ends_give_themselves() {
        for how in [Interpolation::Slerp, Interpolation::Lerp] {
            assert_eq!(at([0.6, 0.8], [0.6, 0.8], how, 0.3), [0.6, 0.8]);
            let near = at([1.0, 0.0], [1.0, 1e-9], how, 0.5);
            assert!((near[1] - 5e-10).abs() < 1e-15, "{near:?}");
        }
    }

    #[test]
    fn opposite_ends_have_no_way() {
        assert!(Way::between(&[1.0, 0.0], &[-1.0, 0.0]).is_none());
        assert!(Way::between(&[1.0, 0.0], &[-1.0, 1e-6]).is_none());
        let almost = at([1.0, 0.0], [-(1.0f64 - 1e-8).sqrt(), 1e-4], Interpolation::Slerp, 0.5);
        assert!((almost[1] - 1.0).abs() < 1e-6, "{almost:?}");
    }

    #[test]
    fn a_vanishing_point_is_reported() {
        let (a, b) = (
            [1.0 / 5f64.sqrt(), 2.0 / 5f64.sqrt()],
            [-2.0 / 5f64.sqrt(), -1.0 / 5f64.sqrt()],
        );
        let way = Way::between(&a, &b).expect("not opposite");
        assert!(!way.point_per_dim(&[1.0 / 3.0, 2.0 / 3.0], &mut [0.0; 2]));
    }
}
