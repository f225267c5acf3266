//! The similarity transform that brings points closest to others.

use ficta_core::{Error, Result};

use super::Points;

/// `(x, y) -> (a x - b y + c, b x + a y + d)`: rotation, scale and shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Scale times cosine.
    pub a: f64,
    /// Scale times sine.
    pub b: f64,
    /// Shift in x.
    pub c: f64,
    /// Shift in y.
    pub d: f64,
}

/// Landmarks nearer to one another than this (root mean square, in pixels) show no face.
const LEAST_SPREAD: f64 = 1.0;

impl Similarity {
    /// The least-squares transform with scale from `from` to `to` (Umeyama 1991), in f64. In the plane it needs no singular value decomposition: the best
    /// rotation is the angle of the sum of the products of corresponding centred points, taken as complex numbers.
    ///
    /// # Errors
    /// Points that are not finite, that (nearly) coincide, or that fit no rotation.
    pub fn between(from: &Points, to: &Points) -> Result<Self> {
        if from.iter().flatten().any(|x| !x.is_finite()) {
            return Err(Error::data(format!("landmarks {from:?} are not finite")));
        }
        let mean = |points: &Points| [0, 1].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / 5.0);
        let (m, n) = (mean(from), mean(to));
        let (mut real, mut imaginary, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let ([x, y], [u, v]) = ([p[0] - m[0], p[1] - m[1]], [q[0] - n[0], q[1] - n[1]]);
            real += x * u + y * v;
            imaginary += x * v - y * u;
            spread += x * x + y * y;
        }
        if (spread / 5.0).sqrt() < LEAST_SPREAD {
            return Err(Error::data(format!("landmarks {from:?} coincide")));
        }
        let (a, b) = (real / spread, imaginary / spread);
        if a.hypot(b) < 1e-6 {
            return Err(Error::data(format!("landmarks {from:?} fit no rotation of a face")));
        }
        Ok(Self {
            a,
            b,
            c: n[0] - (a * m[0] - b * m[1]),
            d: n[1] - (b * m[0] + a * m[1]),
        })
    }

    /// Where a point comes to lie.
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.a * x - self.b * y + self.c, self.b * x + self.a * y + self.d]
    }

    /// The transform back. The scale must not be 0, which [`Similarity::between`] ensures.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        Self {
            a,
            b,
            c: -(a * self.c - b * self.d),
            d: -(b * self.c + a * self.d),
        }
    }
}
