//! The proposer `orthogonal-prototypes`.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result, random::Stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    endpoints::{Endpoints, Spread},
    principal::Principal,
    room::{Origin, Room, endless},
    sphere::{norm, normals},
};

/// Parameters of `orthogonal-prototypes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrthogonalPrototypesParams {
    /// Dimensions that prototypes lie in: those with the least mean square cosine to the real identities. 0 for all that the real
    /// identities leave free, or half of the dimensions where they leave none.
    pub free: usize,
}

/// Virtual prototypes at right angles to the real identities and to each other, after VIGFace (Kim et al. 2024).
///
/// VIGFace trains its prototypes to that end; here they are built, which is ours. Of the principal axes of the real identities' second
/// moment the last r span the r dimensions where real identities are least. Prototypes come in frames of r: a random orthonormal basis
/// of these dimensions (Gram and Schmidt on d normals from the stream (seed, "orthogonal-prototypes", k, 0)). So prototypes of one frame
/// are at right angles to each other, and to all real identities where these leave r dimensions free (fewer identities than dimensions);
/// more than r prototypes take further frames, whose cosines to the earlier ones are random, about 1/sqrt(r). The log says which holds.
/// There are no parents, no t and no predicted variance.
#[derive(Clone, Copy, Debug)]
pub struct OrthogonalPrototypes {
    params: OrthogonalPrototypesParams,
}

impl Configure for OrthogonalPrototypes {
    type Params = OrthogonalPrototypesParams;

    fn configure(params: Self::Params) -> Result<Self> {
        Ok(Self { params })
    }
}

impl IdProposer for OrthogonalPrototypes {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        endless(identities, requested)
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let ends = Endpoints::read(identities, Spread::Predicted)?;
        let dim = ends.dim();
        let mut room = Room::check(&mut out, dim)?;
        let moment = Principal::second_moment(&ends, ctx)?;
        let rank = moment.rank();
        let free = match self.params.free {
            0 if rank < dim => dim - rank,
            0 => dim.div_ceil(2),
            given if given <= dim => given,
            given => {
                return Err(Error::config(format!(
                    "free = {given}, but features have {dim} dimensions"
                )));
            }
        };
        let left: f64 = moment.energy[dim - free..].iter().sum();
        ctx.info(&format!(
            "orthogonal-prototypes: {} real identities leave {} of {dim} dimensions free; {} prototypes in {} frames of {free}; root mean \
             square cosine to a real identity {:.4}",
            ends.len(),
            dim - rank,
            room.len(),
            room.len().div_ceil(free),
            (left / free as f64).sqrt()
        ));
        let count = room.len();
        for first in (0..count).step_by(free) {
            ctx.progress(first as u64, count as u64, "candidates")?;
            let basis = basis(first, free.min(count - first), &moment, dim - free, ctx)?;
            for (i, x) in basis.iter().enumerate() {
                room.put(first + i, &Origin::NOBODY, |feature| {
                    feature.iter_mut().zip(x).for_each(|(f, x)| *f = *x as f32);
                });
            }
        }
        ctx.progress(count as u64, count as u64, "candidates")
    }
}

/// Candidates `first` to `first + count`: the first vectors of a random orthonormal basis of what lies at right angles to the leading
/// `taken` axes. Of the axes their span alone matters, so the result does not depend on which basis of a degenerate eigenspace was found.
fn basis(first: usize, count: usize, moment: &Principal, taken: usize, ctx: &Ctx<'_>) -> Result<Vec<Vec<f64>>> {
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(count);
    for k in first..first + count {
        ctx.check_cancelled()?;
        let mut stream = Stream::new(ctx.seed(), "orthogonal-prototypes", k as u64, 0);
        loop {
            let mut x = normals(&mut stream, moment.origin.len());
            // Twice is enough (Parlett).
            for _ in 0..2 {
                (0..taken).for_each(|i| remove(&mut x, moment.axis(i)));
                all.iter().for_each(|other| remove(&mut x, other));
            }
            let length = norm(&x);
            if length > 1e-6 {
                x.iter_mut().for_each(|x| *x /= length);
                all.push(x);
                break;
            }
        }
    }
    Ok(all)
}

/// Takes out of `x` what lies along the unit vector `axis`.
fn remove(x: &mut [f64], axis: &[f64]) {
    let along: f64 = x.iter().zip(axis).map(|(a, b)| a * b).sum();
    x.iter_mut().zip(axis).for_each(|(x, a)| *x -= along * a);
}
