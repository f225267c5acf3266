use ficta_core::{CandidatesMut, Configure, Ctx, IdProposer, Identities, Result, random::Stream};

use crate::{Mode, Params};

pub struct Hostile(Mode);

impl Configure for Hostile {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self(params.mode))
    }
}

impl IdProposer for Hostile {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        let all = 2 * identities;
        Ok(match self.0 {
            Mode::HugeSize => usize::MAX,
            Mode::NoSize => 0,
            Mode::WrongCount => requested + 1,
            _ if requested > 0 => all.min(requested),
            _ => all,
        })
    }

    /// Directions uniform on the sphere.
    fn propose(&mut self, _: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        self.0.misbehave()?;
        let [_, dim] = out.feature.dims("features")?;
        let features = out.feature.as_mut_slice::<f32>()?;
        for (i, row) in features.chunks_mut(dim).enumerate() {
            Stream::new(ctx.seed(), "hostile", i as u64, 0).fill_normal(row);
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        out.parents.as_mut_slice::<i64>()?.fill(-1);
        out.t.as_mut_slice::<f32>()?.fill(f32::NAN);
        out.variance.as_mut_slice::<f32>()?.fill(f32::NAN);
        match self.0 {
            Mode::Nan => features[dim + 2] = f32::NAN,
            Mode::WrongRow => out.parents.as_mut_slice::<i64>()?[3] = 1_000_000,
            Mode::WrongVariance => out.variance.as_mut_slice::<f32>()?[1] = -0.5,
            _ => {}
        }
        Ok(())
    }
}

ficta_core::register_proposer!(
    Hostile,
    "hostile-proposer",
    "Draws directions, or misbehaves on request"
);
