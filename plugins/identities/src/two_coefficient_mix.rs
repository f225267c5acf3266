//! The proposer `two-coefficient-mix`.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Interpolation, Pairs,
    endpoints::{Endpoints, Spread},
    interpolate::{Way, opposite},
    pairs,
    room::{Origin, Room},
};

/// Parameters of `two-coefficient-mix`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwoCoefficientMixParams {
    /// Weight of the first parent (the lower row), above 0.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub alpha: f64,
    /// Weight of the second parent, above 0.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub beta: f64,
    /// Which pairs of real identities become parents, and in what order.
    pub pairs: Pairs,
    /// How often one real identity may be a parent; 0 for no limit. Not with pairs = "all".
    pub max_per_parent: usize,
}

impl Default for TwoCoefficientMixParams {
    fn default() -> Self {
        Self {
            alpha: 0.7,
            beta: 0.7,
            pairs: Pairs::default(),
            max_per_parent: 0,
        }
    }
}

/// `c* = alpha c_i + beta c_j` with one (alpha, beta) for all pairs, as AugGen mixes class conditions (Rahimi, Teney and Marcel, NeurIPS
/// 2025), which finds the two by a grid search.
///
/// AugGen's conditions are learned class embeddings of free length. Candidates here are unit features, so c_i and c_j are the unit
/// directions of the identities, the sum is divided by its length, and the ratio alpha : beta alone decides. t is
/// beta / (alpha + beta), the place on the chord. The predicted variance `V_f = (1 - t) V_a + t V_b` is ours, NaN where a parent's is
/// unknown.
#[derive(Clone, Debug)]
pub struct TwoCoefficientMix {
    params: TwoCoefficientMixParams,
}

impl Configure for TwoCoefficientMix {
    type Params = TwoCoefficientMixParams;

    fn configure(params: Self::Params) -> Result<Self> {
        for (name, weight) in [("alpha", params.alpha), ("beta", params.beta)] {
            if !(weight.is_finite() && weight > 0.0) {
                return Err(Error::config(format!(
                    "{name} = {weight}: expected a finite number above 0"
                )));
            }
        }
        params.pairs.check_cap(params.max_per_parent)?;
        Ok(Self { params })
    }
}

impl IdProposer for TwoCoefficientMix {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        pairs::count(identities, requested, self.params.max_per_parent)
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let ends = Endpoints::read(identities, Spread::Predicted)?;
        let mut room = Room::check(&mut out, ends.dim())?;
        let TwoCoefficientMixParams {
            alpha,
            beta,
            pairs,
            max_per_parent,
        } = self.params;
        let chosen = pairs.choose(&ends, room.len(), max_per_parent, ctx)?;
        let t = beta / (alpha + beta);
        room.fill(ctx, |k, feature| {
            let (a, b) = (chosen[k].0 as usize, chosen[k].1 as usize);
            let way = Way::between(ends.unit(a), ends.unit(b)).ok_or_else(|| opposite(a, b))?;
            way.point(Interpolation::Lerp, t, feature);
            Ok(Origin::between(chosen[k], t, &ends))
        })
    }
}
