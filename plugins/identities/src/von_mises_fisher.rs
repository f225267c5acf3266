//! The proposer `von-mises-fisher`.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result, random::Stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Concentration,
    endpoints::{Endpoints, Spread},
    room::{Origin, Room, endless},
    sphere::tangent,
    wood::cosine_to_axis,
};

/// Parameters of `von-mises-fisher`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VonMisesFisherParams {
    /// The concentration around each identity: "sra" or "banerjee" (estimates from its variance), or a number.
    pub kappa: Concentration,
    /// Multiplies kappa. 1 spreads candidates as an identity's own images are; below 1 they go farther from it.
    #[schemars(range(min = 0.0))]
    pub scale: f64,
}

impl Default for VonMisesFisherParams {
    fn default() -> Self {
        Self {
            kappa: Concentration::default(),
            scale: 1.0,
        }
    }
}

/// Fictional identities drawn from von Mises-Fisher distributions around real ones.
///
/// Candidate k belongs to the identity of row k mod M: its feature is `w mu + sqrt(1 - w^2) v`, with w by Wood (1994) and v uniform
/// among the directions at right angles to mu, both from the stream (seed, "von-mises-fisher", k, 0). Parents are (row, -1), there is no
/// t, and the predicted variance is the identity's own (ours), NaN where that is unknown.
#[derive(Clone, Copy, Debug)]
pub struct VonMisesFisher {
    params: VonMisesFisherParams,
}

impl Configure for VonMisesFisher {
    type Params = VonMisesFisherParams;

    fn configure(params: Self::Params) -> Result<Self> {
        params.kappa.check()?;
        let scale = params.scale;
        if !(scale.is_finite() && scale >= 0.0) {
            return Err(Error::config(format!(
                "scale = {scale}: expected a finite number of at least 0"
            )));
        }
        Ok(Self { params })
    }
}

impl IdProposer for VonMisesFisher {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        if identities == 0 {
            return Err(Error::data("there is no real identity to draw candidates around"));
        }
        endless(identities, requested)
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let VonMisesFisherParams { kappa, scale } = self.params;
        let spread = match kappa {
            Concentration::Given(_) => Spread::Predicted,
            Concentration::Sra | Concentration::Banerjee => Spread::Total,
        };
        let ends = Endpoints::read(identities, spread)?;
        let (rows, dim, seed) = (ends.len(), ends.dim(), ctx.seed());
        if dim < 2 {
            return Err(Error::shape(
                "mean of the identities: the sphere of features of length 1 is two points",
            ));
        }
        let mut room = Room::check(&mut out, dim)?;
        // An estimate may be infinite; a scale of 0 asks for the uniform distribution even then.
        let scaled = |kappa: f64| if scale == 0.0 { 0.0 } else { kappa * scale };
        let kappas: Vec<f64> = (0..rows)
            .map(|row| scaled(kappa.kappa(ends.variance(row), dim)))
            .collect();
        room.fill(ctx, |k, feature| {
            let row = k % rows;
            let mut stream = Stream::new(seed, "von-mises-fisher", k as u64, 0);
            let w = cosine_to_axis(&mut stream, kappas[row], dim);
            let v = tangent(&mut stream, ends.unit(row));
            let across = ((1.0 - w) * (1.0 + w)).sqrt();
            for ((f, mu), v) in feature.iter_mut().zip(ends.unit(row)).zip(v) {
                *f = (w * mu + across * v) as f32;
            }
            Ok(Origin::near(row, ends.variance(row)))
        })
    }
}
