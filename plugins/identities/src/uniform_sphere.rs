//! The proposer `uniform-sphere`.

use ficta_core::{CandidatesMut, Configure, Ctx, IdProposer, Identities, Result, random::Stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    endpoints::lent,
    room::{Origin, Room, endless},
    sphere::direction,
};

/// `uniform-sphere` has no parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UniformSphereParams {}

/// Fictional identities uniform on the unit sphere, as IDiff-Face's "synthetic uniform" conditions (Boutros et al., ICCV 2023).
///
/// Of the real identities it takes the number of dimensions alone. There are no parents, no t and no predicted variance. Candidate k is
/// drawn from the stream (seed, "uniform-sphere", k, 0): d normals over their length.
#[derive(Clone, Copy, Debug)]
pub struct UniformSphere;

impl Configure for UniformSphere {
    type Params = UniformSphereParams;

    fn configure(_: Self::Params) -> Result<Self> {
        Ok(Self)
    }
}

impl IdProposer for UniformSphere {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        endless(identities, requested)
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let (_, _, dim) = lent(identities)?;
        let seed = ctx.seed();
        Room::check(&mut out, dim)?.fill(ctx, |k, feature| {
            let x = direction(&mut Stream::new(seed, "uniform-sphere", k as u64, 0), dim);
            feature.iter_mut().zip(x).for_each(|(f, x)| *f = x as f32);
            Ok(Origin::NOBODY)
        })
    }
}
