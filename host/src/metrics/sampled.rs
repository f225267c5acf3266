use std::fmt;

use ficta_core::{Ctx, Result, random::Stream};
use serde::{Deserialize, Serialize};

use super::{Cosines, Identified, cosine, rounds::in_rounds};
use crate::pipeline::matrix::Matrix;

/// Pairs that are looked at between two reports of progress.
const ROUND: usize = 1 << 16;

/// Genuine and impostor cosines: of all pairs where these are not too many, else of pairs drawn by seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// The cosines.
    pub cosines: Cosines,
    /// Whether they are those of all pairs.
    pub all: bool,
}

/// How many pairs a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PairsTaken {
    /// Pairs of one identity.
    pub genuine: usize,
    /// Pairs of two identities.
    pub impostor: usize,
    /// Whether these are all that the set has.
    pub all: bool,
}

impl fmt::Display for PairsTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { genuine, impostor, all } = self;
        let how = if *all { "all pairs" } else { "pairs drawn" };
        write!(f, "{how}: {genuine} genuine, {impostor} impostor")
    }
}

impl Sampled {
    /// All pairs where there are at most `most`; else all genuine pairs (or `most` of them drawn with replacement from the streams
    /// (seed, "metrics.genuine", i, 0), where there are more) and `most` impostor pairs drawn with replacement from the streams
    /// (seed, "metrics.impostors", i, 0). Memory is a few numbers a pair taken.
    ///
    /// # Errors
    /// Cancellation.
    pub fn of(set: &Identified, most: usize, seed: u64, ctx: &Ctx<'_>) -> Result<Self> {
        let n = set.unit.rows;
        if n * n.saturating_sub(1) / 2 <= most {
            let cosines = Cosines::of(set, ctx)?;
            return Ok(Self { cosines, all: true });
        }
        let mut rows = vec![Vec::new(); set.label.len()];
        (0..n).for_each(|i| rows[set.identity[i] as usize].push(i));
        let mut pairs = 0;
        // Genuine pairs up to and with each identity.
        let up_to: Vec<usize> = rows
            .iter()
            .map(|rows: &Vec<usize>| {
                pairs += rows.len() * rows.len().saturating_sub(1) / 2;
                pairs
            })
            .collect();
        let of = |a: usize, b: usize| cosine(set.unit.row(a), set.unit.row(b)) as f32;
        let genuine = if pairs <= most {
            let of_identity = |id: usize| {
                let rows = &rows[id];
                let pairs = (0..rows.len()).flat_map(|a| (a + 1..rows.len()).map(move |b| (rows[a], rows[b])));
                pairs.map(|(a, b)| of(a, b)).collect::<Vec<f32>>()
            };
            let each = (pairs / rows.len()).max(1);
            in_rounds(rows.len(), ROUND / each, (ctx, "identities"), of_identity)?.concat()
        } else {
            let draw = |i: usize| {
                let mut stream = Stream::new(seed, "metrics.genuine", i as u64, 0);
                // Each pair is as likely as any other, so that the numbers are those of all pairs but for chance.
                let pair = stream.below(pairs as u64) as usize;
                let rows = &rows[up_to.partition_point(|last| *last <= pair)];
                let a = stream.below(rows.len() as u64) as usize;
                let b = (a + 1 + stream.below(rows.len() as u64 - 1) as usize) % rows.len();
                of(rows[a], rows[b])
            };
            in_rounds(most, ROUND, (ctx, "genuine pairs"), draw)?
        };
        let side = (&set.unit, &set.identity[..]);
        let impostor = impostors_between(side, side, most, (seed, "metrics.impostors"), ctx)?;
        Ok(Self {
            cosines: Cosines { genuine, impostor },
            all: false,
        })
    }

    /// How many they are.
    pub fn taken(&self) -> PairsTaken {
        PairsTaken {
            genuine: self.cosines.genuine.len(),
            impostor: self.cosines.impostor.len(),
            all: self.all,
        }
    }
}

/// Cosines of `most` pairs of different identities, one of each set, drawn with replacement from the streams (seed, purpose, i, 0); all
/// of them, in order, where they are no more than `most`. Sets are unit features and the identity of each. Empty where all are of one
/// identity.
///
/// # Errors
/// Cancellation.
pub fn impostors_between(
    first: (&Matrix, &[i64]),
    second: (&Matrix, &[i64]),
    most: usize,
    (seed, purpose): (u64, &str),
    ctx: &Ctx<'_>,
) -> Result<Vec<f32>> {
    let ((a, a_id), (b, b_id)) = (first, second);
    let of = |i: usize, j: usize| cosine(a.row(i), b.row(j)) as f32;
    if a.rows.saturating_mul(b.rows) <= most {
        let of_first = |i: usize| {
            let others = (0..b.rows).filter(|j| a_id[i] != b_id[*j]);
            others.map(|j| of(i, j)).collect::<Vec<f32>>()
        };
        let round = ROUND / b.rows.max(1);
        return Ok(in_rounds(a.rows, round, (ctx, "images compared"), of_first)?.concat());
    }
    if a_id.iter().chain(b_id).all(|id| *id == a_id[0]) {
        return Ok(Vec::new());
    }
    let draw = |at: usize| {
        let mut stream = Stream::new(seed, purpose, at as u64, 0);
        loop {
            let (i, j) = (
                stream.below(a.rows as u64) as usize,
                stream.below(b.rows as u64) as usize,
            );
            if a_id[i] != b_id[j] {
                return of(i, j);
            }
        }
    };
    in_rounds(most, ROUND, (ctx, "impostor pairs"), draw)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicBool};

    use ficta_core::NullHost;

    use super::*;
    use crate::run_host::RunHost;

    fn set() -> Identified {
        let mut x = Matrix::zeros(60, 8);
        Stream::new(1, "test", 0, 0).fill_normal(&mut x.data);
        let labels: Vec<i64> = (0..60).map(|i| i / 6).collect();
        Identified::new(x.normalised("row").unwrap(), &labels).unwrap()
    }

    fn sampled(most: usize, seed: u64) -> Sampled {
        Sampled::of(&set(), most, seed, &Ctx::new(&NullHost::default())).unwrap()
    }

    #[test]
    fn few_pairs_are_all_taken_and_many_are_drawn() {
        let all = sampled(10_000, 1);
        assert!(all.all);
        assert_eq!(
            (all.cosines.genuine.len(), all.cosines.impostor.len()),
            (150, 60 * 59 / 2 - 150)
        );
        assert_eq!(all.taken().to_string(), "all pairs: 150 genuine, 1620 impostor");
        let some = sampled(1000, 1);
        assert!(!some.all);
        // All genuine pairs, in the same order.
        assert_eq!(some.cosines.genuine, all.cosines.genuine);
        assert_eq!(some.cosines.impostor.len(), 1000);
        assert_eq!(some.taken().to_string(), "pairs drawn: 150 genuine, 1000 impostor");
        assert!(some.cosines.impostor.iter().all(|c| all.cosines.impostor.contains(c)));
        assert_eq!(some, sampled(1000, 1));
        assert_ne!(some, sampled(1000, 2));
        assert_eq!(sampled(100, 1).cosines.genuine.len(), 100);
    }

    #[test]
    fn one_identity_has_no_impostors() {
        let (set, one, host) = (set(), vec![0; 60], NullHost::default());
        for most in [100, 100_000] {
            let side = (&set.unit, &one[..]);
            let none = impostors_between(side, side, most, (1, "test"), &Ctx::new(&host)).unwrap();
            assert!(none.is_empty());
        }
    }

    #[test]
    fn drawn_genuine_pairs_are_of_an_identity_as_often_as_it_has_pairs() {
        // Of identity 0 there are 45 pairs, all of cosine 1; of each of the 45 others one, of cosine 0.
        let mut x = Matrix::zeros(100, 2);
        for i in 0..100 {
            x.data[2 * i + usize::from(i >= 10 && i % 2 == 1)] = 1.0;
        }
        let labels: Vec<i64> = (0..100).map(|i| (i - 8i64).max(0) / 2).collect();
        let set = Identified::new(x, &labels).unwrap();
        let host = NullHost::default();
        let of = |most: usize| Sampled::of(&set, most, 3, &Ctx::new(&host)).unwrap().cosines.genuine;
        assert_eq!(of(4949).iter().sum::<f32>(), 45.0);
        let drawn = of(89);
        assert!((30.0..60.0).contains(&drawn.iter().sum::<f32>()), "{drawn:?}");
    }

    #[test]
    fn stops_when_told() {
        let host = RunHost::new(0, 1, true, Arc::new(AtomicBool::new(true)));
        for most in [10_000, 1000, 100] {
            assert!(Sampled::of(&set(), most, 1, &host.ctx()).is_err(), "{most}");
        }
    }
}
