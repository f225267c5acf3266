//! Random points and directions.

use ficta_core::random::Stream;

/// `n` standard normals, pair by pair.
pub(crate) fn normals(stream: &mut Stream, n: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(n + 1);
    while out.len() < n {
        let (a, b) = stream.normal_pair();
        out.extend([a, b]);
    }
    out.truncate(n);
    out
}

/// Length of a vector.
pub(crate) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// A direction of `dim` numbers, uniform on the unit sphere: normals over their length (Muller 1959).
pub(crate) fn direction(stream: &mut Stream, dim: usize) -> Vec<f64> {
    loop {
        let mut x = normals(stream, dim);
        let length = norm(&x);
        if length > 0.0 {
            x.iter_mut().for_each(|x| *x /= length);
            return x;
        }
    }
}

/// A direction uniform among those at right angles to the unit vector `axis` of two or more numbers.
pub(crate) fn tangent(stream: &mut Stream, axis: &[f64]) -> Vec<f64> {
    loop {
        let mut x = normals(stream, axis.len());
        let along: f64 = x.iter().zip(axis).map(|(x, a)| x * a).sum();
        x.iter_mut().zip(axis).for_each(|(x, a)| *x -= along * a);
        let length = norm(&x);
        // What is left of the normals is rounding where they lie along the axis.
        if length > 1e-6 {
            x.iter_mut().for_each(|x| *x /= length);
            return x;
        }
    }
}
