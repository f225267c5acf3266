//! Candidates among real identities, and what was decided.

use ficta_core::{
    Candidates, Ctx, Decision, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef, random::Stream,
    testing::RecordingHost,
};

#[derive(Clone, Debug)]
pub struct Scene {
    pub dim: usize,
    pub candidates: Vec<f32>,
    pub parents: Option<Vec<i64>>,
    pub variance: Option<Vec<f32>>,
    pub real: Vec<f32>,
    pub real_variance: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub decision: Vec<Decision>,
    pub blocker: Vec<i64>,
    /// As bits, so that NaN equals NaN.
    pub cosine: Vec<u32>,
    pub rank: Vec<i64>,
    pub selected: usize,
}

impl Decided {
    /// Before anybody was looked at.
    pub fn unseen(count: usize) -> Self {
        Self {
            decision: vec![Decision::TARGET_REACHED; count],
            blocker: vec![-1; count],
            cosine: vec![f32::NAN.to_bits(); count],
            rank: vec![-1; count],
            selected: 0,
        }
    }
}

impl Scene {
    /// Points of a coarse grid, so that duplicates, ties and exact thresholds are common.
    pub fn coarse(count: usize, real: usize, dim: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "test scene", 0, 0);
        let mut point = || {
            let mut x: Vec<f32> = (0..dim).map(|_| stream.below(5) as f32 - 2.0).collect();
            if x.iter().all(|x| *x == 0.0) {
                x[0] = 1.0;
            }
            x
        };
        let candidates: Vec<f32> = (0..count).flat_map(|_| point()).collect();
        let reals: Vec<f32> = (0..real).flat_map(|_| point()).collect();
        let parents = (0..count * 2)
            .map(|_| stream.below(real as u64 + 1) as i64 - 1)
            .collect();
        let variance = (0..count).map(|_| {
            if stream.below(6) == 0 {
                f32::NAN
            } else {
                stream.below(4) as f32 / 10.0
            }
        });
        Self {
            dim,
            variance: Some(variance.collect()),
            parents: Some(parents),
            candidates,
            real: reals,
            real_variance: (0..real).map(|i| (i % 5) as f32 / 8.0).collect(),
        }
    }

    /// Points drawn from a normal distribution around a common direction.
    pub fn smooth(count: usize, real: usize, dim: usize, seed: u64) -> Self {
        let mut scene = Self::coarse(count, real, dim, seed);
        let mut stream = Stream::new(seed, "test scene", 1, 0);
        for rows in [&mut scene.candidates, &mut scene.real] {
            stream.fill_normal(rows);
            rows.chunks_exact_mut(dim).for_each(|row| row[0] += 1.0);
        }
        scene
    }

    /// Candidates between two of the real identities, which are nearly orthogonal but for some clusters. `noise` is what they lie beside
    /// the great circle; every 25th candidate is no child of its parents at all where `strangers`.
    pub fn children(count: usize, real: usize, dim: usize, noise: f32, strangers: bool, seed: u64) -> Self {
        let mut scene = Self::smooth(count, real, dim, seed);
        let mut stream = Stream::new(seed, "test scene", 3, 0);
        stream.fill_normal(&mut scene.real);
        for i in (1..real).filter(|i| i % 4 == 1) {
            for k in 0..dim {
                scene.real[i * dim + k] = 0.6 * scene.real[i * dim + k] + scene.real[(i - 1) * dim + k];
            }
        }
        let parents = scene.parents.as_mut().expect("given");
        let unit = |i: usize| {
            let row = &scene.real[i * dim..][..dim];
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter().map(move |x| x / norm).collect::<Vec<f32>>()
        };
        for i in 0..count {
            let (a, b) = (stream.below(real as u64) as usize, stream.below(real as u64) as usize);
            parents[2 * i..2 * i + 2].copy_from_slice(&[a as i64, b as i64]);
            let (x, y, t) = (unit(a), unit(b), 0.3 + 0.4 * stream.uniform() as f32);
            let mut beside = vec![0f32; dim];
            stream.fill_normal(&mut beside);
            let beside = beside.iter().map(|e| e * noise / (dim as f32).sqrt());
            if !(strangers && i % 25 == 0) {
                let row = beside.enumerate().map(|(k, e)| (1.0 - t) * x[k] + t * y[k] + e + 1e-4);
                scene
                    .candidates
                    .splice(i * dim..(i + 1) * dim, row.collect::<Vec<f32>>());
            }
        }
        scene
    }

    /// A common axis and one of its own for everybody, so that every cosine is 1/2 but for the seventh digit: what a cosine in f32
    /// cannot tell apart.
    pub fn equiangular(count: usize, real: usize, seed: u64) -> Self {
        let dim = count + real + 1;
        let mut scene = Self::coarse(count, real, dim, seed);
        let mut stream = Stream::new(seed, "test scene", 2, 0);
        let rows = scene
            .candidates
            .chunks_exact_mut(dim)
            .chain(scene.real.chunks_exact_mut(dim));
        for (i, row) in rows.enumerate() {
            row.fill(0.0);
            row[0] = 1.0;
            row[i + 1] = 1.0 + (stream.below(17) as f32 - 8.0) * f32::EPSILON;
        }
        scene
    }

    pub fn len(&self) -> usize {
        self.candidates.len() / self.dim
    }

    pub fn real_len(&self) -> usize {
        self.real.len() / self.dim
    }

    pub fn candidate(&self, i: usize) -> &[f32] {
        &self.candidates[i * self.dim..][..self.dim]
    }

    pub fn real(&self, i: usize) -> &[f32] {
        &self.real[i * self.dim..][..self.dim]
    }

    fn lend<R>(&self, use_it: impl FnOnce(&Candidates<'_>, &Identities<'_>) -> Result<R>) -> Result<R> {
        let parents = self
            .parents
            .as_ref()
            .map(|p| TensorRef::new(p, &[p.len() / 2, 2]))
            .transpose()?;
        let variance = self
            .variance
            .as_ref()
            .map(|v| TensorRef::new(v, &[v.len()]))
            .transpose()?;
        let candidates = Candidates {
            feature: TensorRef::new(&self.candidates, &[self.len(), self.dim])?,
            parents: parents.into(),
            variance: variance.into(),
        };
        let images = vec![9i64; self.real_len()];
        let real = Identities {
            mean: TensorRef::new(&self.real, &[self.real_len(), self.dim])?,
            variance: TensorRef::new(&self.real_variance, &[self.real_len()])?,
            variance_per_dim: None.into(),
            count: TensorRef::new(&images, &[self.real_len()])?,
        };
        use_it(&candidates, &real)
    }

    pub fn select(&self, selector: &mut dyn IdSelector, host: &RecordingHost) -> Result<Decided> {
        let k = self.len();
        let (mut decision, mut blocker) = (vec![0u8; k], vec![-7i64; k]);
        let (mut cosine, mut rank) = (vec![7f32; k], vec![-7i64; k]);
        let out = SelectionMut {
            decision: TensorMut::new(&mut decision, &[k])?,
            blocker: TensorMut::new(&mut blocker, &[k])?,
            cosine: TensorMut::new(&mut cosine, &[k])?,
            rank: TensorMut::new(&mut rank, &[k])?,
        };
        let selected = self.lend(|candidates, real| selector.select(candidates, real, out, &Ctx::new(host)))?;
        let decision = decision.into_iter().map(Decision).collect();
        Ok(Decided {
            decision,
            blocker,
            cosine: cosine.into_iter().map(f32::to_bits).collect(),
            rank,
            selected,
        })
    }

    pub fn yield_curve(
        &self,
        selector: &mut dyn IdSelector,
        thresholds: &[f32],
        host: &RecordingHost,
    ) -> Result<Vec<i64>> {
        let mut kept = vec![-7i64; thresholds.len()];
        let grid = TensorRef::new(thresholds, &[thresholds.len()])?;
        let out = TensorMut::new(&mut kept, &[thresholds.len()])?;
        self.lend(|candidates, real| selector.yield_curve(candidates, real, grid, out, &Ctx::new(host)))?;
        Ok(kept)
    }
}
