//! How far from its axis a von Mises-Fisher variable lies.

use ficta_core::random::Stream;

/// The cosine W to the axis, in `dim` >= 2 dimensions: Wood's algorithm VM* (1994, "Simulation of the von Mises Fisher distribution"),
/// which mends Ulrich's (1984). Infinite `kappa` gives 1, `kappa` 0 the uniform distribution.
pub(crate) fn cosine_to_axis(stream: &mut Stream, kappa: f64, dim: usize) -> f64 {
    if kappa.is_infinite() {
        return 1.0;
    }
    let m = dim as f64 - 1.0;
    // (-2 kappa + root) / m without the cancellation of large kappa.
    let b = m / (2.0 * kappa + libm::sqrt(4.0 * kappa * kappa + m * m));
    let x = (1.0 - b) / (1.0 + b);
    // 1 - x^2, likewise.
    let c = kappa * x + m * libm::log(4.0 * b / ((1.0 + b) * (1.0 + b)));
    loop {
        let (g, h) = (gamma(stream, m / 2.0), gamma(stream, m / 2.0));
        let z = g / (g + h);
        let u = 1.0 - stream.uniform();
        let w = (1.0 - (1.0 + b) * z) / (1.0 - (1.0 - b) * z);
        if kappa * w + m * libm::log(1.0 - x * w) - c >= libm::log(u) {
            return w.clamp(-1.0, 1.0);
        }
    }
}

/// A gamma variable of this shape and scale 1 (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"; below 1 by
/// their power of a uniform variable). Of each pair of normals the first is used.
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let larger = gamma(stream, shape + 1.0);
        return larger * libm::pow(1.0 - stream.uniform(), 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = stream.normal_pair().0;
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        let u = 1.0 - stream.uniform();
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concentration::bessel_ratio;

    fn mean(n: u64, mut draw: impl FnMut(&mut Stream) -> f64) -> f64 {
        (0..n).map(|i| draw(&mut Stream::new(5, "test", i, 0))).sum::<f64>() / n as f64
    }

    #[test]
    fn gamma_has_its_moments() {
        for shape in [0.5, 1.0, 3.5, 255.5] {
            let (first, second) = (
                mean(40_000, |s| gamma(s, shape)),
                mean(40_000, |s| (gamma(s, shape) - shape).powi(2)),
            );
            assert!((first / shape - 1.0).abs() < 0.03, "{shape}: mean {first}");
            assert!((second / shape - 1.0).abs() < 0.06, "{shape}: variance {second}");
        }
    }

    #[test]
    fn the_cosine_has_the_distributions_mean() {
        for (dim, kappa) in [(2, 0.5), (2, 40.0), (3, 2.0), (64, 30.0), (512, 900.0), (512, 0.0)] {
            let expected = if kappa == 0.0 {
                0.0
            } else {
                bessel_ratio(dim as f64 / 2.0, kappa)
            };
            let got = mean(20_000, |s| cosine_to_axis(s, kappa, dim));
            assert!(
                (got - expected).abs() < 0.02,
                "d {dim}, kappa {kappa}: {got}, expected {expected}"
            );
        }
    }
}
