//! Candidates as mixtures of their parents.
//!
//! A candidate between two real identities is `c = alpha a + beta b + e` on unit rows, where e is small. So its cosine with anything
//! else follows from the parents' but for |e|: who is close to neither parent is not close to the child.

use crate::{rows::Rows, seeker::Seeker};

/// No such parent.
pub(crate) const NOBODY: u32 = u32::MAX;

/// A candidate's unit row as a mixture with weights that are not negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Rows of the real identities, or [`NOBODY`], with weight 0.
    pub(crate) parents: [u32; 2],
    pub(crate) weights: [f32; 2],
    /// At least the length of what the mixture leaves over.
    pub(crate) rest: f32,
    /// The exact cosine with each parent.
    pub(crate) cosines: [f64; 2],
}

/// Covers the rounding of bounds that are made of a span: sums of a few f32 numbers below 3.
const ROUNDING: f64 = 4e-6;

impl Span {
    /// Of candidate `i` with these parents; those that do not exist are ignored.
    pub(crate) fn new(rows: &Rows<'_>, i: usize, real: &Rows<'_>, parents: [i64; 2]) -> Self {
        let valid = |p: i64| usize::try_from(p).ok().filter(|p| *p < real.len());
        let (a, b) = (
            valid(parents[0]),
            valid(parents[1]).filter(|_| parents[0] != parents[1]),
        );
        let cosine = |p: Option<usize>| p.map_or(-1.0, |p| rows.cosine(i, real, p));
        let (x, y) = (cosine(a), cosine(b));
        let weights = match (a, b) {
            (Some(a), Some(b)) => Self::two(x, y, real.cosine(a, real, b)),
            (Some(_), None) => [x.max(0.0), 0.0],
            (None, Some(_)) => [0.0, y.max(0.0)],
            (None, None) => [0.0; 2],
        };
        let weights = weights.map(|w| w as f32);
        let part =
            |p: Option<usize>, w: f32| p.map_or((rows.row(i), 0.0), |p| (real.row(p), f64::from(w) / real.norm(p)));
        let (row, scale) = (rows.row(i), 1.0 / rows.norm(i));
        let ((a_row, a_scale), (b_row, b_scale)) = (part(a, weights[0]), part(b, weights[1]));
        let mut left = [0f64; 8];
        for (k, ((c, a), b)) in row.iter().zip(a_row).zip(b_row).enumerate() {
            let e = f64::from(*c) * scale - f64::from(*a) * a_scale - f64::from(*b) * b_scale;
            left[k % 8] += e * e;
        }
        let id = |p: Option<usize>| p.and_then(|p| u32::try_from(p).ok()).unwrap_or(NOBODY);
        Self {
            parents: [id(a), id(b)],
            weights,
            rest: (left.iter().sum::<f64>().sqrt() + ROUNDING) as f32,
            cosines: [x, y],
        }
    }

    /// Least squares: cosines x and y with parents whose own cosine is g.
    fn two(x: f64, y: f64, g: f64) -> [f64; 2] {
        let area = 1.0 - g * g;
        let (alpha, beta) = ((x - g * y) / area, (y - g * x) / area);
        if area > 1e-6 && alpha >= 0.0 && beta >= 0.0 {
            [alpha, beta]
        } else if x > y {
            [x.max(0.0), 0.0]
        } else {
            [0.0, y.max(0.0)]
        }
    }

    /// The most that the cosine with somebody can be whose cosines with the parents are at most these.
    pub(crate) fn bound(&self, with_parents: [f32; 2]) -> f32 {
        self.weights[0] * with_parents[0] + self.weights[1] * with_parents[1] + self.rest
    }

    /// With somebody whose cosine is at least `cosine`, one parent has at least this one.
    pub(crate) fn share(&self, cosine: f64) -> f64 {
        let weight = f64::from(self.weights[0] + self.weights[1]);
        if weight == 0.0 {
            f64::NEG_INFINITY
        } else {
            (cosine - f64::from(self.rest)) / weight - 1e-6
        }
    }

    /// The parents that exist.
    pub(crate) fn parents(&self) -> impl Iterator<Item = (usize, f64)> {
        let both = self.parents.into_iter().zip(self.cosines);
        both.filter(|(p, _)| *p != NOBODY)
            .map(|(p, cosine)| (p as usize, cosine))
    }

    /// Lets a seeker among the real identities meet the parents, whose cosines are known.
    pub(crate) fn introduce(&self, seeker: &mut impl Seeker) {
        self.parents().for_each(|(p, cosine)| seeker.meet(p, cosine));
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::{TensorRef, random::Stream};

    use super::*;

    #[test]
    fn bounds_hold_for_children_and_for_strangers() {
        let (dim, real) = (24, 30);
        let mut stream = Stream::new(3, "test", 0, 0);
        let mut means = vec![0f32; real * dim];
        stream.fill_normal(&mut means);
        // A pair of twins and a pair of opposites, which span no plane.
        means.copy_within(0..dim, dim);
        (0..dim).for_each(|k| means[3 * dim + k] = -means[2 * dim + k]);
        let mut parents: Vec<[i64; 2]> = vec![[0, 1], [2, 3], [4, 4], [5, -1], [-1, -1], [6, 99], [-7, 6]];
        parents.extend((0..40).map(|i| [i % 30, (i * 7 + 3) % 30]));
        let children: Vec<f32> = parents
            .iter()
            .enumerate()
            .flat_map(|(i, p)| {
                let row = |p: i64| {
                    usize::try_from(p)
                        .ok()
                        .filter(|p| *p < real)
                        .map(|p| &means[p * dim..][..dim])
                };
                let mut noise = vec![0f32; dim];
                stream.fill_normal(&mut noise);
                let amount = [0.0, 0.01, 1.0][i % 3];
                let t = stream.uniform() as f32 * 1.4 - 0.2;
                (0..dim)
                    .map(|k| {
                        row(p[0]).map_or(0.0, |r| (1.0 - t) * r[k])
                            + row(p[1]).map_or(0.0, |r| t * r[k])
                            + amount * noise[k]
                            + 1e-3
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        let count = parents.len();
        let (children, means) = (
            TensorRef::new(&children, &[count, dim]).unwrap(),
            TensorRef::new(&means, &[real, dim]).unwrap(),
        );
        let (rows, real_rows) = (Rows::read(&children, "").unwrap(), Rows::read(&means, "").unwrap());
        let mut tight = 0;
        for (i, parents) in parents.iter().enumerate() {
            let span = Span::new(&rows, i, &real_rows, *parents);
            for r in 0..real {
                let with = span.parents.map(|p| {
                    if p == NOBODY {
                        0.0
                    } else {
                        real_rows.cosine(p as usize, &real_rows, r) as f32
                    }
                });
                let (cosine, bound) = (rows.cosine(i, &real_rows, r), f64::from(span.bound(with)));
                assert!(cosine <= bound, "{parents:?} with {r}: {cosine} > {bound}");
                tight += usize::from(bound - cosine < 0.01);
                let share = span.share(cosine);
                assert!(
                    share == f64::NEG_INFINITY || with.iter().any(|w| f64::from(*w) >= share),
                    "{parents:?} with {r}"
                );
            }
        }
        assert!(tight > 200, "only {tight} bounds say anything");
    }
}
