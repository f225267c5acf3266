//! Survivors at every threshold of a grid.

use ficta_core::{Ctx, Error, Result};

use crate::{
    crowd::Crowd,
    field::Field,
    metric::{Metric, Side},
    parent_quota::ParentQuota,
    search::Search,
    seeker::{Match, Seeker},
};

/// Thresholds as scores, ascending, and each one's place in the grid asked for.
pub(crate) struct Grid {
    value: Vec<f64>,
    place: Vec<usize>,
}

impl Grid {
    pub(crate) fn new(thresholds: &[f32], metric: Metric) -> Result<Self> {
        let (range, means) = match metric {
            Metric::Cosine => (-1.0..=1.0, "a cosine lies in -1..=1"),
            Metric::VarianceDistance => (0.0..=f32::MAX, "a distance is finite and not negative"),
        };
        if let Some(i) = thresholds.iter().position(|t| !range.contains(t)) {
            return Err(Error::config(format!(
                "threshold {i} of the yield curve is {}: {means}",
                thresholds[i]
            )));
        }
        let score = |i: &usize| metric.score_of(f64::from(thresholds[*i]));
        let mut place: Vec<usize> = (0..thresholds.len()).collect();
        place.sort_by(|a, b| score(a).partial_cmp(&score(b)).expect("no NaN"));
        Ok(Self {
            value: place.iter().map(score).collect(),
            place,
        })
    }

    /// How many thresholds this score exceeds.
    fn exceeded(&self, score: f64) -> usize {
        self.value.partition_point(|t| score > *t)
    }

    /// 64-bit words of one set of thresholds.
    fn words(&self) -> usize {
        self.value.len().div_ceil(64)
    }

    /// All but the first `closed` thresholds.
    fn all_but(&self, closed: usize) -> Vec<u64> {
        let all = self.value.len();
        (0..self.words()).map(|w| first(all, w) & !first(closed, w)).collect()
    }

    /// The lowest threshold of a set.
    fn lowest(&self, set: &[u64]) -> Option<f64> {
        let w = set.iter().position(|word| *word != 0)?;
        Some(self.value[w * 64 + set[w].trailing_zeros() as usize])
    }
}

/// Word `w` of the set of the first `count` thresholds.
fn first(count: usize, w: usize) -> u64 {
    match count.saturating_sub(w * 64) {
        0 => 0,
        n if n >= 64 => u64::MAX,
        n => (1 << n) - 1,
    }
}

/// For each candidate the set of thresholds at which it is selected.
struct Kept {
    words: usize,
    /// `words` for each that is selected at one threshold at least.
    sets: Vec<u64>,
    /// By candidate: which of those it is.
    slot: Vec<u32>,
}

/// The thresholds that are left to a candidate: of those it has met, none is too similar there.
struct Open<'k> {
    field: &'k Field<'k>,
    grid: &'k Grid,
    kept: &'k Kept,
    candidate: usize,
    set: Vec<u64>,
    floor: f64,
}

impl<'k> Open<'k> {
    fn new(field: &'k Field<'k>, grid: &'k Grid, kept: &'k Kept, candidate: usize, set: Vec<u64>) -> Self {
        let mut open = Self {
            field,
            grid,
            kept,
            candidate,
            set,
            floor: 0.0,
        };
        open.settle();
        open
    }

    fn settle(&mut self) {
        self.floor = floor(self.field, self.grid, self.candidate, &self.set);
    }
}

/// The least cosine that closes one of these thresholds to a candidate.
fn floor(field: &Field<'_>, grid: &Grid, candidate: usize, open: &[u64]) -> f64 {
    let lowest = grid.lowest(open);
    lowest.map_or(f64::INFINITY, |score| {
        field.measure.floor(candidate, Side::Selected, score)
    })
}

impl Seeker for Open<'_> {
    fn floor(&self) -> f64 {
        self.floor
    }

    fn meet(&mut self, index: usize, cosine: f64) {
        let score = self.field.measure.score(self.candidate, Side::Selected, index, cosine);
        let exceeded = self.grid.exceeded(score);
        let words = self.kept.words;
        let set = &self.kept.sets[self.kept.slot[index] as usize * words..];
        for (w, (open, set)) in self.set.iter_mut().zip(set).enumerate() {
            *open &= !(set & first(exceeded, w));
        }
        self.settle();
    }
}

/// How many of the candidates, looked at in `order`, survive when each threshold applies to both real and selected identities.
/// `nearest` is each candidate's nearest real identity by the measure.
///
/// All thresholds share one pass: a cosine is computed once and says at which of them the pair is too similar; and it is computed only
/// where both are still open at a threshold that it may exceed.
pub(crate) fn survivors(
    field: &Field<'_>,
    order: &[usize],
    grid: &Grid,
    nearest: &[Option<Match>],
    quota: &ParentQuota<'_>,
    ctx: &Ctx<'_>,
) -> Result<Vec<i64>> {
    let (words, total) = (grid.words(), order.len() as u64);
    let mut counts = vec![0; grid.value.len()];
    if words == 0 {
        return Ok(counts);
    }
    let open_at_first = |i: usize| grid.all_but(nearest[i].map_or(0, |m| grid.exceeded(m.score)));
    let mut quotas: Vec<ParentQuota<'_>> = match quota.is_capped() {
        true => grid.value.iter().map(|_| quota.fresh()).collect(),
        false => Vec::new(),
    };
    let mut kept = Kept {
        words,
        sets: Vec::new(),
        slot: vec![0; order.len()],
    };
    let mut crowd = Crowd::new(field, |i| floor(field, grid, i, &open_at_first(i)));
    let mut done = 0;
    while done < order.len() {
        ctx.progress(done as u64, total, "candidates of the yield curve")?;
        let rest = &order[done..];
        let members = &rest[..crowd.block().min(rest.len())];
        done += members.len();
        let before = crowd.len();
        let search = |i: &usize| Search::new(*i, Open::new(field, grid, &kept, *i, open_at_first(*i)));
        let mut searches: Vec<_> = members.iter().map(search).collect();
        searches.retain(|search| search.seeker.floor < f64::INFINITY);
        crowd.seek(&mut searches);
        let open: Vec<_> = searches
            .into_iter()
            .map(|s| (s.candidate, s.seeker.set, s.trail))
            .collect();
        let mut decided = Vec::with_capacity(open.len());
        for (candidate, set, trail) in open {
            let mut open = Open::new(field, grid, &kept, candidate, set);
            crowd.catch_up(candidate, &mut open, &trail, before, &decided);
            let mut set = open.set;
            for (g, quota) in quotas.iter_mut().enumerate() {
                let (w, bit) = (g / 64, 1 << (g % 64));
                if set[w] & bit == 0 {
                    continue;
                }
                match quota.exhausted(candidate) {
                    Some(_) => set[w] &= !bit,
                    None => quota.count(candidate),
                }
            }
            let floor = floor(field, grid, candidate, &set);
            decided.push((candidate, floor < f64::INFINITY));
            if floor < f64::INFINITY {
                kept.slot[candidate] = crowd.len() as u32;
                kept.sets.extend_from_slice(&set);
                crowd.push(candidate, floor_of_others(field, candidate, grid.lowest(&set)));
            }
        }
    }
    for set in kept.sets.chunks_exact(words) {
        for (g, place) in grid.place.iter().enumerate() {
            counts[*place] += (set[g / 64] >> (g % 64) & 1) as i64;
        }
    }
    Ok(counts)
}

/// The least cosine that matters to a selected candidate whose lowest threshold is this, in f32 and not above.
fn floor_of_others(field: &Field<'_>, candidate: usize, lowest: Option<f64>) -> f32 {
    let floor = lowest.map_or(-1.0, |score| field.measure.floor(candidate, Side::Selected, score));
    (floor as f32).next_down()
}
