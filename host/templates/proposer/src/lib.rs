//! Directions uniform on the sphere, whatever the real identities are: a baseline. Replace it by a proposer of your own.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result, random::Stream};

/// Parameters in the run file. The comments become the schema that users see.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MyProposer")]
pub struct Params {
    /// Candidates where the run does not ask for a number, as a multiple of the real identities; at least 1.
    #[schemars(range(min = 1))]
    pub per_identity: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { per_identity: 10 }
    }
}

/// See [`Params`].
pub struct MyProposer(Params);

impl Configure for MyProposer {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.per_identity == 0 {
            return Err(Error::config("per_identity: expected at least 1, got 0"));
        }
        Ok(Self(params))
    }
}

impl IdProposer for MyProposer {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        Ok(match requested {
            0 => self.0.per_identity * identities,
            requested => requested,
        })
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let [m, dim] = identities.mean.dims("means")?;
        identities.variance.expect_shape("variances", &[m])?;
        // Not used here, but a mistake of the caller's all the same.
        (identities.mean.as_slice::<f32>()?, identities.variance.as_slice::<f32>()?);
        let [k, _] = out.feature.dims("room for features")?;
        out.feature.expect_shape("room for features", &[k, dim])?;
        out.parents.expect_shape("room for parents", &[k, 2])?;
        out.t.expect_shape("room for t", &[k])?;
        out.variance.expect_shape("room for variances", &[k])?;
        for (i, row) in out.feature.as_mut_slice::<f32>()?.chunks_mut(dim.max(1)).enumerate() {
            ctx.progress(i as u64, k as u64, "candidates")?;
            // A stream of its own for each candidate: it does not depend on how many there are.
            Stream::new(ctx.seed(), "proposer.directions", i as u64, 0).fill_normal(row);
            let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            row.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
        }
        // No parents, so neither a position between them nor a predicted variance.
        out.parents.as_mut_slice::<i64>()?.fill(-1);
        out.t.as_mut_slice::<f32>()?.fill(f32::NAN);
        out.variance.as_mut_slice::<f32>()?.fill(f32::NAN);
        ctx.progress(k as u64, k as u64, "candidates")
    }
}

ficta_core::register_proposer!(MyProposer, "my-proposer", "Directions uniform on the sphere");
ficta_core::export_plugin!();
