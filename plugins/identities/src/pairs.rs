//! Which pairs of real identities become parents, and in what order.

use std::collections::HashMap;

use ficta_core::{Ctx, Error, Result, random::Stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::endpoints::Endpoints;

/// Which pairs (a, b), a < b, of real identities become parents. The order given here is that of the candidates; asking for more
/// of them only appends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairs {
    /// Every pair, in lexicographic order.
    #[default]
    All,
    /// Pairs drawn without replacement, in the order of the draw, which follows from the run's seed alone.
    Random,
    /// The pairs of largest cosine first; ties in lexicographic order.
    Nearest,
    /// The pairs of smallest cosine first; ties in lexicographic order.
    Farthest,
}

/// Rows of the two parents, the smaller first.
pub(crate) type Pair = (u32, u32);

/// Pairs after which the host is asked whether to go on.
const STEP: usize = 1 << 16;

/// How many candidates a proposer of pairs makes; see [`ficta_core::IdProposer::count`].
pub(crate) fn count(identities: usize, requested: usize, cap: usize) -> Result<usize> {
    let available = Pairs::available(identities, cap)?;
    if requested <= available {
        return Ok(if requested == 0 { available } else { requested });
    }
    let help = match cap {
        0 => format!("ask for at most {available} candidates (0: all of them), or use more real identities"),
        cap => format!("ask for at most {available} candidates (0: all of them), or raise max_per_parent = {cap}"),
    };
    Err(Error::config(format!(
        "{requested} candidates are wanted, but {identities} identities give only {available} pairs"
    ))
    .help(help))
}

impl Pairs {
    /// Refuses a cap where every pair is asked for.
    pub(crate) fn check_cap(self, cap: usize) -> Result<()> {
        if self == Self::All && cap > 0 {
            return Err(Error::config(format!(
                "max_per_parent = {cap} leaves pairs out, but pairs = \"all\" asks for every one"
            ))
            .help("set pairs = \"random\", \"nearest\" or \"farthest\"; or cap the parents in the selector"));
        }
        Ok(())
    }

    /// How many pairs there are of `rows` identities when each may be a parent at most `cap` times (0: without limit).
    ///
    /// With a cap, as many as every data set and seed is sure to give. Where no further pair is allowed, the u identities that have
    /// room left are all paired with each other, so u is at most `cap`, and each has u - 1 children at least.
    pub(crate) fn available(rows: usize, cap: usize) -> Result<usize> {
        if rows < 2 {
            return Err(Error::data(format!(
                "a fictional identity needs two real parents, but there are {rows} identities"
            ))
            .help("use at least two real identities"));
        }
        let total = (rows as u128) * (rows as u128 - 1) / 2;
        let capped = |u: u128| ((rows as u128 - u) * cap as u128 + u * u.saturating_sub(1)).div_ceil(2);
        let most = match cap {
            0 => total,
            // Nobody has more partners than that.
            cap if cap >= rows - 1 => total,
            // Convex in u with its least at (cap + 1) / 2: the neighbours on both sides are enough.
            _ => {
                let bottom = (cap as u128).div_ceil(2);
                let least = [bottom.saturating_sub(1), bottom, bottom + 1].into_iter();
                least.filter(|u| *u <= rows as u128).map(capped).fold(total, u128::min)
            }
        };
        match (u32::try_from(rows), usize::try_from(most)) {
            (Ok(_), Ok(most)) => Ok(most),
            _ => Err(Error::data(format!(
                "{rows} identities are more than pairs can be counted of"
            ))),
        }
    }

    /// The first `count` pairs. `cap` and `count` as agreed by [`Pairs::available`].
    pub(crate) fn choose(self, ends: &Endpoints, count: usize, cap: usize, ctx: &Ctx<'_>) -> Result<Vec<Pair>> {
        let rows = ends.len();
        let total = Self::available(rows, 0)?;
        let mut quota = Quota {
            used: vec![0; rows],
            cap,
            taken: Vec::with_capacity(count),
            count,
        };
        match self {
            Self::All => {
                let rows = rows as u32;
                quota.take((0..rows).flat_map(|a| (a + 1..rows).map(move |b| (a, b))), ctx)?;
            }
            Self::Random => quota.take(shuffled(rows, total, ctx.seed()), ctx)?,
            Self::Nearest | Self::Farthest => {
                let sign = if self == Self::Nearest { -1.0 } else { 1.0 };
                // A cap may skip any of the best pairs, so all of them have to be at hand then.
                let limit = if cap == 0 { count } else { total };
                quota.take(ranked(ends, limit, sign, ctx)?.into_iter(), ctx)?;
            }
        }
        if quota.taken.len() < count {
            return Err(Error::shape(format!(
                "{count} candidates are wanted, but there are {} pairs",
                quota.taken.len()
            ))
            .help("make room for as many candidates as the proposer's count() gives"));
        }
        Ok(quota.taken)
    }
}

/// Takes pairs as they come, as long as both parents have room.
struct Quota {
    used: Vec<usize>,
    cap: usize,
    taken: Vec<Pair>,
    count: usize,
}

impl Quota {
    fn take(&mut self, pairs: impl Iterator<Item = Pair>, ctx: &Ctx<'_>) -> Result<()> {
        for (seen, (a, b)) in pairs.enumerate() {
            if self.taken.len() == self.count {
                break;
            }
            if seen % STEP == 0 {
                ctx.check_cancelled()?;
            }
            let (i, j) = (a as usize, b as usize);
            if self.cap == 0 || self.used[i] < self.cap && self.used[j] < self.cap {
                self.used[i] += 1;
                self.used[j] += 1;
                self.taken.push((a, b));
            }
        }
        Ok(())
    }
}

/// All pairs in random order, lazily: Fisher and Yates forwards, remembering only what has been moved.
fn shuffled(rows: usize, total: usize, seed: u64) -> impl Iterator<Item = Pair> {
    let mut stream = Stream::new(seed, "variance-interpolation pairs", 0, 0);
    let mut moved: HashMap<usize, usize> = HashMap::new();
    (0..total).map(move |i| {
        let j = i + stream.below((total - i) as u64) as usize;
        let here = moved.remove(&i).unwrap_or(i);
        let drawn = if j == i {
            here
        } else {
            moved.insert(j, here).unwrap_or(j)
        };
        nth(drawn, rows)
    })
}

/// The pair at this place of the lexicographic order.
fn nth(index: usize, rows: usize) -> Pair {
    // Pairs before those that start with `a`; even before halving, as one of the factors is.
    let before = |a: usize| (a as u128 * (2 * rows as u128 - a as u128 - 1) / 2) as usize;
    let (mut low, mut high) = (0, rows - 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if before(middle) <= index {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low as u32, (low + 1 + index - before(low)) as u32)
}

/// The `limit` pairs of smallest `sign` * cosine, in that order; ties in lexicographic order.
fn ranked(ends: &Endpoints, limit: usize, sign: f64, ctx: &Ctx<'_>) -> Result<Vec<Pair>> {
    let order = |x: &(f64, Pair), y: &(f64, Pair)| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1));
    let rows = ends.len();
    let mut best: Vec<(f64, Pair)> = Vec::new();
    let mut since = 0;
    for a in 0..rows {
        for b in a + 1..rows {
            // Adding 0 makes of -0 a 0, which total_cmp would tell apart.
            best.push((sign * dot(ends.unit(a), ends.unit(b)) + 0.0, (a as u32, b as u32)));
        }
        since += rows - a;
        if since >= STEP {
            since = 0;
            ctx.progress(a as u64, rows as u64, "identities compared")?;
        }
        if best.len() / 2 > limit.max(STEP) {
            best.select_nth_unstable_by(limit, order);
            best.truncate(limit);
        }
    }
    best.sort_unstable_by(order);
    best.truncate(limit);
    Ok(best.into_iter().map(|(_, pair)| pair).collect())
}

/// Eight partial sums, in a fixed order, so that the compiler may use vector registers and the result is the same everywhere.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut a8, mut b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let mut lanes = [0.0; 8];
    for (x, y) in (&mut a8).zip(&mut b8) {
        for k in 0..8 {
            lanes[k] += x[k] * y[k];
        }
    }
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_its_place() {
        for rows in 2..20 {
            let all: Vec<Pair> = (0..rows as u32)
                .flat_map(|a| (a + 1..rows as u32).map(move |b| (a, b)))
                .collect();
            let counted: Vec<Pair> = (0..all.len()).map(|i| nth(i, rows)).collect();
            assert_eq!(counted, all);
        }
        let rows = u32::MAX as usize;
        let last = rows * (rows - 1) / 2 - 1;
        assert_eq!(nth(last, rows), (u32::MAX - 2, u32::MAX - 1));
    }

    #[test]
    fn a_shuffle_is_a_permutation_and_uniform() {
        let mut firsts = [0; 10];
        for seed in 0..5000 {
            let mut pairs: Vec<Pair> = shuffled(5, 10, seed).collect();
            firsts[(0..10).position(|i| nth(i, 5) == pairs[0]).expect("a pair")] += 1;
            pairs.sort_unstable();
            pairs.dedup();
            assert_eq!(pairs.len(), 10);
        }
        assert!(firsts.iter().all(|n| (400..600).contains(n)), "{firsts:?}");
    }

    fn taken_by_a_random_order(rows: usize, cap: usize, seed: u64) -> usize {
        let total = Pairs::available(rows, 0).expect("enough identities");
        let mut used = vec![0; rows];
        shuffled(rows, total, seed)
            .filter(|(a, b)| {
                let free = used[*a as usize] < cap && used[*b as usize] < cap;
                used[*a as usize] += usize::from(free);
                used[*b as usize] += usize::from(free);
                free
            })
            .count()
    }

    #[test]
    fn no_order_gives_fewer_pairs_than_promised() {
        for rows in 2..9 {
            for cap in 1..10 {
                let sure = Pairs::available(rows, cap).expect("enough identities");
                let least = (0..200).map(|seed| taken_by_a_random_order(rows, cap, seed)).min();
                assert!(
                    least >= Some(sure) && sure > 0,
                    "{rows} identities, cap {cap}: {least:?} < {sure}"
                );
            }
        }
    }

    #[test]
    fn no_more_could_be_promised() {
        for (rows, cap) in [(4, 2), (5, 2), (7, 1), (6, 5), (6, 9)] {
            let least = (0..3000).map(|seed| taken_by_a_random_order(rows, cap, seed)).min();
            assert_eq!(least, Pairs::available(rows, cap).ok(), "{rows} identities, cap {cap}");
        }
    }
}
