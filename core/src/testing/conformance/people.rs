//! Drawn identities and candidates, for proposers and selectors.

use crate::{Candidates, Identities, Result, TensorRef, random::Stream};

/// Real identities M.
pub(super) const REAL: usize = 12;
/// Length of a feature.
pub(super) const DIM: usize = 8;

/// Statistics of identities, owned.
#[derive(Clone)]
pub(super) struct People {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    pub per_dim: Vec<f32>,
    pub count: Vec<i64>,
}

impl People {
    pub fn new(identities: usize) -> Self {
        let mut stream = Stream::new(3, "testing.people", 0, 0);
        let mut mean = vec![0f32; identities * DIM];
        stream.fill_normal(&mut mean);
        for row in mean.chunks_mut(DIM) {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            // Means of unit features are shorter than 1.
            row.iter_mut().for_each(|x| *x *= 0.9 / norm);
        }
        let per_dim: Vec<f32> = (0..identities * DIM)
            .map(|_| (0.005 + 0.02 * stream.uniform()) as f32)
            .collect();
        Self {
            mean,
            variance: per_dim.chunks(DIM).map(|row| row.iter().sum()).collect(),
            per_dim,
            count: vec![10; identities],
        }
    }

    pub fn len(&self) -> usize {
        self.count.len()
    }

    pub fn view(&self) -> Result<Identities<'_>> {
        let m = self.len();
        Ok(Identities {
            mean: TensorRef::new(&self.mean, &[m, DIM])?,
            variance: TensorRef::new(&self.variance, &[m])?,
            variance_per_dim: Some(TensorRef::new(&self.per_dim, &[m, DIM])?).into(),
            count: TensorRef::new(&self.count, &[m])?,
        })
    }
}

/// Candidates, owned.
#[derive(Clone)]
pub(super) struct Crowd {
    pub feature: Vec<f32>,
    pub parents: Vec<i64>,
    pub variance: Vec<f32>,
}

impl Crowd {
    /// `count` unit features, some near each other and some near real identities, so that every reason to drop one occurs.
    pub fn new(count: usize, real: &People) -> Self {
        let mut stream = Stream::new(4, "testing.crowd", 0, 0);
        let mut feature = vec![0f32; count * DIM];
        stream.fill_normal(&mut feature);
        for i in 0..count {
            let from = match i % 4 {
                1 => Some(real.mean[(i % real.len()) * DIM..][..DIM].to_vec()),
                3 => Some(feature[(i - 1) * DIM..][..DIM].to_vec()),
                _ => None,
            };
            let row = &mut feature[i * DIM..][..DIM];
            for (x, near) in row.iter_mut().zip(from.into_iter().flatten()) {
                *x = near + 0.1 * *x;
            }
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let parent = |stream: &mut Stream| stream.below(real.len() as u64) as i64;
        Self {
            feature,
            parents: (0..2 * count).map(|_| parent(&mut stream)).collect(),
            variance: (0..count).map(|_| (0.05 + 0.2 * stream.uniform()) as f32).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.variance.len()
    }

    pub fn view(&self) -> Result<Candidates<'_>> {
        let k = self.len();
        Ok(Candidates {
            feature: TensorRef::new(&self.feature, &[k, DIM])?,
            parents: Some(TensorRef::new(&self.parents, &[k, 2])?).into(),
            variance: Some(TensorRef::new(&self.variance, &[k])?).into(),
        })
    }
}

/// Cosine of two features.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
