//! The proposer `pca-gaussian`.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result, random::Stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    endpoints::{Endpoints, Spread},
    interpolate::write_unit,
    principal::Principal,
    room::{Origin, Room, endless},
    sphere::normals,
};

/// Parameters of `pca-gaussian`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PcaGaussianParams {
    /// Principal components that vary; 0 for all. The others stay at their mean.
    pub components: usize,
    /// Multiplies the standard deviations; above 1 goes farther out than real identities do.
    #[schemars(range(min = 0.0))]
    pub scale: f64,
}

impl Default for PcaGaussianParams {
    fn default() -> Self {
        Self {
            components: 0,
            scale: 1.0,
        }
    }
}

/// A Gaussian fitted to the real identities in their principal components, as Vec2Face draws identity vectors (Wu et al., ICLR 2025).
///
/// The unit directions of the identities have mean m and covariance sum(l_i e_i e_i') (divided by M - 1). Candidate k is m + s
/// sum(sqrt(l_i) z_i e_i) over its length, z from the stream (seed, "pca-gaussian", k, 0), with the largest component of each e_i
/// positive. There are no parents, no t and no predicted variance. Vec2Face then drops vectors too similar to others: that is the
/// selector's part.
#[derive(Clone, Copy, Debug)]
pub struct PcaGaussian {
    params: PcaGaussianParams,
}

impl Configure for PcaGaussian {
    type Params = PcaGaussianParams;

    fn configure(params: Self::Params) -> Result<Self> {
        let scale = params.scale;
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::config(format!(
                "scale = {scale}: expected a finite number above 0"
            )));
        }
        Ok(Self { params })
    }
}

impl IdProposer for PcaGaussian {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        if identities < 2 {
            return Err(Error::data(format!(
                "a covariance needs two real identities, but there are {identities}"
            ))
            .help("use at least two real identities; a hundred or more are better"));
        }
        endless(identities, requested)
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let ends = Endpoints::read(identities, Spread::Predicted)?;
        let mut room = Room::check(&mut out, ends.dim())?;
        self.count(ends.len(), room.len())?;
        let pca = Principal::covariance(&ends, ctx)?;
        let rank = pca.rank();
        let components = match self.params.components {
            0 => rank,
            wanted if wanted <= rank => wanted,
            wanted => {
                return Err(Error::config(format!(
                    "components = {wanted}, but {} identities in {} dimensions have {rank} principal components",
                    ends.len(),
                    ends.dim()
                ))
                .help(format!("set components to at most {rank}, or 0 for all")));
            }
        };
        if components == 0 {
            return Err(
                Error::data("the real identities all point in one direction, so they have no spread")
                    .help("use real identities of different people"),
            );
        }
        let deviation: Vec<f64> = (0..components)
            .map(|i| self.params.scale * pca.energy[i].sqrt())
            .collect();
        let seed = ctx.seed();
        room.fill(ctx, |k, feature| {
            let mut stream = Stream::new(seed, "pca-gaussian", k as u64, 0);
            let mut x = pca.origin.clone();
            for (i, z) in normals(&mut stream, components).into_iter().enumerate() {
                let step = z * deviation[i];
                x.iter_mut().zip(pca.axis(i)).for_each(|(x, e)| *x += step * e);
            }
            match write_unit(feature, |i| x[i]) {
                true => Ok(Origin::NOBODY),
                false => Err(Error::data(format!("candidate {k} came out as zero")).help("take another seed")),
            }
        })
    }
}
