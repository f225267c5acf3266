use ficta_core::{Result, random::Stream};
use rayon::prelude::*;

use super::{Cosines, Identified, cosine};
use crate::pipeline::matrix::Matrix;

/// Genuine and impostor cosines: of all pairs where these are not too many, else of pairs drawn by seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// The cosines.
    pub cosines: Cosines,
    /// Whether they are those of all pairs.
    pub all: bool,
}

impl Sampled {
    /// All pairs where there are at most `most`; else all genuine pairs (or `most` of them drawn, where there are more) and `most`
    /// impostor pairs drawn with replacement from the streams (seed, "metrics.impostors", i, 0).
    ///
    /// # Errors
    /// What `check` returns; it is asked now and then.
    pub fn of(set: &Identified, most: usize, seed: u64, check: impl Fn() -> Result<()>) -> Result<Self> {
        let n = set.unit.rows;
        if n * n.saturating_sub(1) / 2 <= most {
            let cosines = Cosines::of(&set.unit, &set.identity);
            return Ok(Self { cosines, all: true });
        }
        check()?;
        let mut rows = vec![Vec::new(); set.label.len()];
        (0..n).for_each(|i| rows[set.identity[i] as usize].push(i));
        let pairs: usize = rows
            .iter()
            .map(|rows: &Vec<usize>| rows.len() * (rows.len() - 1) / 2)
            .sum();
        let genuine: Vec<(usize, usize)> = if pairs <= most {
            let of = |rows: &Vec<usize>| {
                let rows = rows.clone();
                (0..rows.len()).flat_map(move |a| {
                    let rows = rows.clone();
                    (a + 1..rows.len()).map(move |b| (rows[a], rows[b]))
                })
            };
            rows.iter().flat_map(of).collect()
        } else {
            let several: Vec<&Vec<usize>> = rows.iter().filter(|rows| rows.len() > 1).collect();
            let draw = |i: u64| {
                let mut stream = Stream::new(seed, "metrics.genuine", i, 0);
                let rows = several[stream.below(several.len() as u64) as usize];
                let a = stream.below(rows.len() as u64) as usize;
                let b = (a + 1 + stream.below(rows.len() as u64 - 1) as usize) % rows.len();
                (rows[a], rows[b])
            };
            (0..most as u64).map(draw).collect()
        };
        check()?;
        let impostor = impostors_between(
            (&set.unit, &set.identity),
            (&set.unit, &set.identity),
            most,
            (seed, "metrics.impostors"),
        );
        let of = |(a, b): &(usize, usize)| cosine(set.unit.row(*a), set.unit.row(*b)) as f32;
        Ok(Self {
            cosines: Cosines {
                genuine: genuine.par_iter().map(of).collect(),
                impostor,
            },
            all: false,
        })
    }
}

/// Cosines of `most` pairs of different identities, one of each set, drawn with replacement from the streams (seed, purpose, i, 0); all
/// of them, in order, where they are no more than `most`. Sets are unit features and the identity of each. Empty where all are of one
/// identity.
pub fn impostors_between(
    first: (&Matrix, &[i64]),
    second: (&Matrix, &[i64]),
    most: usize,
    (seed, purpose): (u64, &str),
) -> Vec<f32> {
    let ((a, a_id), (b, b_id)) = (first, second);
    let of = |i: usize, j: usize| cosine(a.row(i), b.row(j)) as f32;
    if a.rows.saturating_mul(b.rows) <= most {
        let all = (0..a.rows).into_par_iter().flat_map_iter(|i| {
            let others = (0..b.rows).filter(move |j| a_id[i] != b_id[*j]);
            others.map(move |j| of(i, j))
        });
        return all.collect();
    }
    if a_id.iter().chain(b_id).all(|id| *id == a_id[0]) {
        return Vec::new();
    }
    let draw = |at: u64| {
        let mut stream = Stream::new(seed, purpose, at, 0);
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
    (0..most as u64).into_par_iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> Identified {
        let mut x = Matrix::zeros(60, 8);
        Stream::new(1, "test", 0, 0).fill_normal(&mut x.data);
        let labels: Vec<i64> = (0..60).map(|i| i / 6).collect();
        Identified::new(x.normalised("row").unwrap(), &labels).unwrap()
    }

    #[test]
    fn few_pairs_are_all_taken_and_many_are_drawn() {
        let set = set();
        let all = Sampled::of(&set, 10_000, 1, || Ok(())).unwrap();
        assert!(all.all);
        assert_eq!(
            (all.cosines.genuine.len(), all.cosines.impostor.len()),
            (150, 60 * 59 / 2 - 150)
        );
        let some = Sampled::of(&set, 1000, 1, || Ok(())).unwrap();
        assert!(!some.all);
        // All genuine pairs, in the same order.
        assert_eq!(some.cosines.genuine, all.cosines.genuine);
        assert_eq!(some.cosines.impostor.len(), 1000);
        assert!(some.cosines.impostor.iter().all(|c| all.cosines.impostor.contains(c)));
        assert_eq!(some, Sampled::of(&set, 1000, 1, || Ok(())).unwrap());
        assert_ne!(some, Sampled::of(&set, 1000, 2, || Ok(())).unwrap());
        assert_eq!(Sampled::of(&set, 100, 1, || Ok(())).unwrap().cosines.genuine.len(), 100);
    }

    #[test]
    fn one_identity_has_no_impostors() {
        let set = set();
        let one = vec![0; 60];
        for most in [100, 100_000] {
            assert!(impostors_between((&set.unit, &one), (&set.unit, &one), most, (1, "test")).is_empty());
        }
    }
}
