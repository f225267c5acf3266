//! Survivors at every threshold of a grid.

use ficta_core::{Ctx, Error, Result};
use rayon::{ThreadPool, prelude::*};

use crate::{
    estimate::{self, error_bound},
    order::nearest_real,
    parent_quota::ParentQuota,
    scene::Scene,
    similarity::{Match, TASK},
    workers::block,
};

/// Thresholds by ascending value, and each one's place in the grid asked for.
struct Grid {
    value: Vec<f64>,
    place: Vec<usize>,
}

impl Grid {
    fn new(thresholds: &[f32]) -> Result<Self> {
        if let Some(i) = thresholds.iter().position(|t| !(-1.0..=1.0).contains(t)) {
            return Err(Error::config(format!(
                "threshold {i} of the yield curve is {}: a cosine lies in -1..=1",
                thresholds[i]
            )));
        }
        let mut place: Vec<usize> = (0..thresholds.len()).collect();
        place.sort_by(|a, b| thresholds[*a].partial_cmp(&thresholds[*b]).expect("no NaN"));
        Ok(Self {
            value: place.iter().map(|i| f64::from(thresholds[*i])).collect(),
            place,
        })
    }

    /// How many thresholds this cosine exceeds.
    fn exceeded(&self, cosine: f64) -> usize {
        self.value.partition_point(|t| cosine > *t)
    }

    /// 64-bit words of one set of thresholds.
    fn words(&self) -> usize {
        self.value.len().div_ceil(64)
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

/// Candidates that are selected at one threshold at least, each with the set of those thresholds.
struct Kept<'g> {
    grid: &'g Grid,
    member: Vec<usize>,
    /// `words` for each member.
    sets: Vec<u64>,
}

impl Kept<'_> {
    /// Takes from `open` the thresholds of member `m` among the first `exceeded`.
    fn close(&self, m: usize, exceeded: usize, open: &mut [u64]) {
        let words = open.len();
        for (w, (o, set)) in open.iter_mut().zip(&self.sets[m * words..]).enumerate() {
            *o &= !(set & first(exceeded, w));
        }
    }

    /// The thresholds that are left to each candidate of a task after all members so far.
    fn open_of_task(&self, scene: &Scene<'_>, task: &[usize], nearest: &[Option<Match>]) -> Vec<Vec<u64>> {
        let (rows, slack) = (&scene.candidates, error_bound(scene.candidates.dim()));
        let all = self.grid.value.len();
        let mut open: Vec<Vec<u64>> = task
            .iter()
            .map(|candidate| {
                let closed = nearest[*candidate].map_or(0, |m| self.grid.exceeded(m.cosine));
                (0..self.grid.words())
                    .map(|w| first(all, w) & !first(closed, w))
                    .collect()
            })
            .collect();
        estimate::cosines(rows, task, rows, &self.member, |q, m, estimate| {
            let least = self.grid.exceeded(estimate - slack);
            let most = self.grid.exceeded(estimate + slack);
            let exceeded = if least == most {
                least
            } else {
                self.grid.exceeded(rows.cosine(task[q], rows, self.member[m]))
            };
            self.close(m, exceeded, &mut open[q]);
        });
        open
    }
}

/// How many of the candidates, looked at in `order`, survive when each threshold applies to both real and selected identities.
///
/// All thresholds share one pass: a cosine is computed once and says at which of them the pair is too similar.
pub(crate) fn survivors(
    scene: &Scene<'_>,
    order: &[usize],
    thresholds: &[f32],
    quota: &ParentQuota,
    pool: &ThreadPool,
    ctx: &Ctx<'_>,
) -> Result<Vec<i64>> {
    let grid = Grid::new(thresholds)?;
    let words = grid.words();
    let mut counts = vec![0; thresholds.len()];
    if words == 0 {
        return Ok(counts);
    }
    let nearest = nearest_real(scene, pool, ctx)?;
    let mut quotas: Vec<ParentQuota> = if quota.is_capped() {
        grid.value.iter().map(|_| quota.fresh()).collect()
    } else {
        Vec::new()
    };
    let mut kept = Kept {
        grid: &grid,
        member: Vec::new(),
        sets: Vec::new(),
    };

    let mut rest = order;
    while !rest.is_empty() {
        ctx.progress(
            (order.len() - rest.len()) as u64,
            order.len() as u64,
            "candidates of the yield curve",
        )?;
        let before = kept.member.len();
        let (members, later) = rest.split_at(block(before, scene.candidates.dim()).min(rest.len()));
        rest = later;
        let open_of_task = |task: &[usize]| kept.open_of_task(scene, task, &nearest);
        let mut sets: Vec<Vec<u64>> = pool.install(|| members.par_chunks(TASK).flat_map_iter(open_of_task).collect());
        for (candidate, open) in members.iter().zip(&mut sets) {
            for m in before..kept.member.len() {
                let cosine = scene.candidates.cosine(*candidate, &scene.candidates, kept.member[m]);
                kept.close(m, grid.exceeded(cosine), open);
            }
            for (g, quota) in quotas.iter_mut().enumerate() {
                let (w, bit) = (g / 64, 1 << (g % 64));
                if open[w] & bit == 0 {
                    continue;
                }
                match quota.exhausted(*candidate) {
                    Some(_) => open[w] &= !bit,
                    None => quota.count(*candidate),
                }
            }
            if open.iter().any(|o| *o != 0) {
                kept.member.push(*candidate);
                kept.sets.extend_from_slice(open);
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
