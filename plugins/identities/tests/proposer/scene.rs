//! Identities to propose from, and what was proposed.

use ficta_core::private::abi_stable::std_types::ROption;
use ficta_core::{
    CandidatesMut, Configure, Ctx, IdProposer, Identities, NullHost, Result, TensorMut, TensorRef, random::Stream,
    static_components,
};
use ficta_identities::{VarianceInterpolation, VarianceInterpolationParams};

pub struct Scene {
    pub dim: usize,
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    pub variance_per_dim: Option<Vec<f32>>,
}

#[derive(Debug, PartialEq)]
pub struct Proposed {
    pub feature: Vec<f32>,
    pub parents: Vec<[i64; 2]>,
    pub t: Vec<f32>,
    pub variance: Vec<f32>,
}

impl Scene {
    /// Identities drawn at random, with variances from 0 to 0.9.
    pub fn random(rows: usize, dim: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "test identities", 0, 0);
        let mut mean = vec![0.0; rows * dim];
        stream.fill_normal(&mut mean);
        let per_dim: Vec<f32> = (0..rows * dim)
            .map(|_| (stream.uniform() * 0.9 / dim as f64) as f32)
            .collect();
        let variance = per_dim.chunks_exact(dim).map(|v| v.iter().sum()).collect();
        Self {
            dim,
            mean,
            variance,
            variance_per_dim: Some(per_dim),
        }
    }

    pub fn rows(&self) -> usize {
        self.variance.len()
    }

    pub fn propose(&self, params: VarianceInterpolationParams, requested: usize, seed: u64) -> Result<Proposed> {
        let host = NullHost { seed };
        self.propose_under(params, requested, &Ctx::new(&host))
    }

    pub fn propose_under(
        &self,
        params: VarianceInterpolationParams,
        requested: usize,
        ctx: &Ctx<'_>,
    ) -> Result<Proposed> {
        self.run(&mut VarianceInterpolation::configure(params)?, requested, ctx)
    }

    /// What the proposer of this name and these parameters makes.
    pub fn propose_by(&self, name: &str, params: &str, requested: usize, host: &NullHost) -> Result<Proposed> {
        let known = static_components().into_iter().find(|r| r.name == name);
        let mut proposer = known.expect("a known name").make_proposer(params)?;
        self.run(&mut *proposer, requested, &Ctx::new(host))
    }

    pub fn run(&self, proposer: &mut dyn IdProposer, requested: usize, ctx: &Ctx<'_>) -> Result<Proposed> {
        let count = proposer.count(self.rows(), requested)?;
        let (mut feature, mut parents) = (vec![f32::NAN; count * self.dim], vec![-7i64; count * 2]);
        let (mut t, mut variance) = (vec![f32::NAN; count], vec![f32::NAN; count]);
        let per_dim = match &self.variance_per_dim {
            Some(v) => ROption::RSome(TensorRef::new(v, &[self.rows(), self.dim])?),
            None => ROption::RNone,
        };
        let images = vec![10i64; self.rows()];
        let identities = Identities {
            mean: TensorRef::new(&self.mean, &[self.mean.len() / self.dim, self.dim])?,
            variance: TensorRef::new(&self.variance, &[self.rows()])?,
            variance_per_dim: per_dim,
            count: TensorRef::new(&images, &[self.rows()])?,
        };
        let out = CandidatesMut {
            feature: TensorMut::new(&mut feature, &[count, self.dim])?,
            parents: TensorMut::new(&mut parents, &[count, 2])?,
            t: TensorMut::new(&mut t, &[count])?,
            variance: TensorMut::new(&mut variance, &[count])?,
        };
        proposer.propose(&identities, out, ctx)?;
        let parents = parents.chunks_exact(2).map(|p| [p[0], p[1]]).collect();
        Ok(Proposed {
            feature,
            parents,
            t,
            variance,
        })
    }
}
