//! Rows in eight bits a number, with a bound on what that loses.
//!
//! Most pairs are far from any threshold. A scalar product of small integers tells which; the rest are computed exactly. Integers are
//! added without error, so an estimate is the same on every machine; and no outcome depends on one, because of the bound:
//!
//! Let x and y be unit rows, x' = s q the row that the codes q and the scale s stand for, and E >= |x - x'|. Then
//! `|x.y - x'.y'| <= E_x |y'| + |x| E_y <= E_x + E_y + E_x E_y` by Cauchy and Schwarz, and `E_x E_y <= (E_x^2 + E_y^2) / 2`, so that
//! each row has a margin of its own, `E + E^2/2`, and an estimate is wrong by at most the sum of two margins. E is measured for each
//! row. Unit rows of 512 normally distributed numbers have margins of about 0.007 with codes to 127, and twice as much with codes to 63.
//!
//! The same inequality bounds what part of the dimensions leaves out: `|sum over the rest| <= |rest of x'| |rest of y'|`.

use crate::{kernel::Kernel, rows::Rows};

/// Numbers that share one 32-bit lane.
pub(crate) const GROUP: usize = 4;
/// Places at which a product may be found hopeless before its end.
const MOST_STAGES: usize = 6;
/// Groups that are worth a look in between.
const SHORTEST_STAGE: usize = 16;
/// Dimensions from which 32-bit sums of 8-bit products could overflow. Longer rows have empty codes, with a margin that decides nothing.
const LONGEST: usize = 1 << 16;
/// 1.5 * 2^52: a small number added to it is rounded to the nearest integer, which is left in its last bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Covers the rounding of what is computed with estimates: at most eight operations in f32 on numbers below 3.
const ROUNDING: f64 = 8.0 * 3.0 * f32::EPSILON as f64;

/// How rows are coded: the order of their dimensions, and the stages of a product.
pub(crate) struct Codec {
    /// Dimensions, the one with the most energy first: what is left after a stage is small.
    order: Vec<u32>,
    /// Groups of numbers after each stage; the last is all.
    ends: Vec<usize>,
    /// Codes go from minus this to this.
    largest: i8,
}

/// One row's codes.
pub(crate) struct Coded<'c> {
    /// Zero beyond the row's end; `groups * GROUP`.
    pub(crate) codes: &'c mut [i8],
    /// After each stage: at least the length of what follows; `stages`.
    pub(crate) rest: &'c mut [f32],
}

/// What a unit row's codes stand for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measure {
    pub(crate) scale: f32,
    pub(crate) margin: f32,
}

impl Codec {
    /// For the rows of `samples`, all of one dimension, and for `kernel`.
    pub(crate) fn new(samples: &[&Rows<'_>], kernel: Kernel) -> Self {
        let largest = kernel.largest_code();
        let dim = samples.iter().map(|rows| rows.dim()).max().unwrap_or(0);
        if dim >= LONGEST {
            return Self {
                order: Vec::new(),
                ends: vec![1],
                largest,
            };
        }
        let mut energy = vec![0f64; dim];
        for rows in samples.iter().filter(|rows| rows.len() > 0) {
            for i in (0..rows.len()).step_by(rows.len().div_ceil(SAMPLE)) {
                for (energy, x) in energy.iter_mut().zip(rows.row(i)) {
                    *energy += (f64::from(*x) / rows.norm(i)).powi(2);
                }
            }
        }
        let mut order: Vec<u32> = (0..dim as u32).collect();
        order.sort_by(|a, b| energy[*b as usize].total_cmp(&energy[*a as usize]));
        let groups = dim.div_ceil(GROUP).max(1);
        let stages = (groups / SHORTEST_STAGE).clamp(1, MOST_STAGES);
        let ends = (1..=stages).map(|s| groups * s / stages).collect();
        Self { order, ends, largest }
    }

    /// Lanes of a row.
    pub(crate) fn groups(&self) -> usize {
        self.ends[self.ends.len() - 1]
    }

    /// Groups after each stage.
    pub(crate) fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// Codes row `i`.
    pub(crate) fn encode(&self, rows: &Rows<'_>, i: usize, out: Coded<'_>) -> Measure {
        out.codes.fill(0);
        let (row, inverse) = (rows.row(i), 1.0 / rows.norm(i));
        let largest = row.iter().fold(0f32, |m, x| m.max(x.abs()));
        // Rounded up, so that no code goes beyond the largest.
        let scale = ((f64::from(largest) * inverse / f64::from(self.largest)) * (1.0 + 1e-6)) as f32;
        let (step, unscale) = (f64::from(scale), 1.0 / f64::from(scale));
        // What the codes lose, in sums that do not wait for one another.
        let mut lost = [0f64; 8];
        for (codes, order) in out.codes.chunks_mut(lost.len()).zip(self.order.chunks(lost.len())) {
            for ((code, k), lost) in codes.iter_mut().zip(order).zip(&mut lost) {
                let x = f64::from(row[*k as usize]) * inverse;
                let rounded = x * unscale + ROUND;
                *code = rounded.to_bits() as i8;
                *lost += (x - step * (rounded - ROUND)).powi(2);
            }
        }
        if self.order.is_empty() {
            lost[0] = 1.0;
        }
        let (mut squares, mut end) = (0i64, out.codes.len());
        for (stage, rest) in out.rest.iter_mut().enumerate().rev() {
            let begin = self.ends[stage] * GROUP;
            // Below 2^31 for rows shorter than LONGEST.
            let part: i32 = out.codes[begin..end].iter().map(|q| i32::from(*q).pow(2)).sum();
            squares += i64::from(part);
            end = begin;
            *rest = ((squares as f64).sqrt() * step * (1.0 + 1e-6)) as f32;
        }
        let error = lost.iter().sum::<f64>().sqrt();
        Measure {
            scale,
            margin: (error + error * error / 2.0 + ROUNDING) as f32,
        }
    }
}

/// Rows that tell where the energy lies.
const SAMPLE: usize = 1024;

#[cfg(test)]
mod tests {
    use ficta_core::{TensorRef, random::Stream};

    use super::*;

    /// Rows of many kinds: normal, with one large number, with subnormal numbers, huge.
    fn data(dim: usize) -> Vec<f32> {
        let mut data = vec![0f32; 40 * dim];
        Stream::new(dim as u64, "test", 0, 0).fill_normal(&mut data);
        data[..10 * dim].iter_mut().for_each(|x| *x = x.abs());
        data[10 * dim..20 * dim]
            .chunks_exact_mut(dim)
            .for_each(|row| row[dim / 2] = 50.0);
        data[20 * dim..25 * dim].iter_mut().for_each(|x| *x *= 1e-43);
        data[25 * dim..30 * dim].iter_mut().for_each(|x| *x *= 1e37);
        data.chunks_exact_mut(dim).for_each(|row| {
            if row.iter().all(|x| *x == 0.0) {
                row[0] = f32::from_bits(1);
            }
        });
        data
    }

    #[test]
    fn every_estimate_keeps_within_its_margins_at_every_stage() {
        Kernel::all().into_iter().for_each(keeps_within_its_margins);
    }

    fn keeps_within_its_margins(kernel: Kernel) {
        for dim in [1, 2, 3, 4, 5, 63, 64, 129, 512, 700, LONGEST] {
            let data = if dim == LONGEST { vec![1.0; 2 * dim] } else { data(dim) };
            let count = data.len() / dim;
            let tensor = TensorRef::new(&data, &[count, dim]).unwrap();
            let rows = Rows::read(&tensor, "row").unwrap();
            let codec = Codec::new(&[&rows], kernel);
            let width = codec.groups() * GROUP;
            let stages = codec.ends().len();
            let coded: Vec<(Vec<i8>, Vec<f32>, Measure)> = (0..count)
                .map(|i| {
                    let (mut codes, mut rest) = (vec![0; width], vec![0.0; stages]);
                    let measure = codec.encode(
                        &rows,
                        i,
                        Coded {
                            codes: &mut codes,
                            rest: &mut rest,
                        },
                    );
                    (codes, rest, measure)
                })
                .collect();
            for i in 0..count {
                for j in 0..count {
                    let ((a, ra, ma), (b, rb, mb)) = (&coded[i], &coded[j]);
                    let exact = rows.cosine(i, &rows, j);
                    for (stage, end) in codec.ends().iter().enumerate() {
                        let dot: i32 = a
                            .iter()
                            .zip(b)
                            .take(end * GROUP)
                            .map(|(x, y)| i32::from(*x) * i32::from(*y))
                            .sum();
                        let estimate = dot as f32 * mb.scale * ma.scale;
                        let slack = ra[stage] * rb[stage] + ma.margin + mb.margin;
                        assert!(
                            (f64::from(estimate) - exact).abs() <= f64::from(slack),
                            "{dim}: rows {i} and {j}, stage {stage}: {estimate} +- {slack} for {exact}"
                        );
                    }
                }
            }
            if dim == 512 {
                let expected = 0.0095 * 127.0 / f32::from(kernel.largest_code());
                assert!(coded[35].2.margin < expected, "{}", coded[35].2.margin);
            }
        }
    }
}
