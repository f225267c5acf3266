//! The proposer `variance-interpolation`.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Interpolation, Pairs, Rule,
    endpoints::{Endpoints, Spread},
    interpolate::{Way, opposite},
    pairs::{self, Pair},
    room::{Origin, Room},
    rule::share,
};

/// Parameters of `variance-interpolation`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VarianceInterpolationParams {
    /// Where between its parents a fictional identity lies.
    pub rule: Rule,
    /// Along the great circle (slerp) or the chord (lerp). Without effect under rule per-dim.
    pub interpolation: Interpolation,
    /// Smallest t of the rules that look at variances, in 0..=0.5. Keeps candidates off a parent that hardly varies. The rule
    /// midpoint is not clamped.
    #[schemars(range(min = 0.0, max = 0.5))]
    pub clamp_min: f64,
    /// Largest t, 1 - clamp_min: otherwise a candidate would depend on which of its parents comes first.
    #[schemars(range(min = 0.5, max = 1.0))]
    pub clamp_max: f64,
    /// Which pairs of real identities become parents, and in what order.
    pub pairs: Pairs,
    /// How often one real identity may be a parent; 0 for no limit. Not with pairs = "all".
    pub max_per_parent: usize,
}

impl Default for VarianceInterpolationParams {
    fn default() -> Self {
        Self {
            rule: Rule::default(),
            interpolation: Interpolation::default(),
            clamp_min: 0.3,
            clamp_max: 0.7,
            pairs: Pairs::default(),
            max_per_parent: 0,
        }
    }
}

/// A fictional identity between two real ones: `f = slerp(mu_a / |mu_a|, mu_b / |mu_b|, t)`, with t by a [`Rule`].
///
/// Interpolation that regards the variances of both parents is the paper's idea; the formulas are ours, and so is the predicted
/// variance `V_f = (1 - t) V_a + t V_b`. t is measured from the first parent, which is the one with the lower row.
#[derive(Clone, Debug)]
pub struct VarianceInterpolation {
    params: VarianceInterpolationParams,
}

impl Configure for VarianceInterpolation {
    type Params = VarianceInterpolationParams;

    fn configure(params: Self::Params) -> Result<Self> {
        let (low, high) = (params.clamp_min, params.clamp_max);
        if !(0.0..=0.5).contains(&low) || !(0.5..=1.0).contains(&high) {
            return Err(Error::config(format!(
                "clamp_min = {low}, clamp_max = {high}: expected 0 <= clamp_min <= 0.5 <= clamp_max <= 1"
            )));
        }
        if (low + high - 1.0).abs() > 1e-6 {
            return Err(Error::config(format!(
                "clamp_min = {low}, clamp_max = {high}: a candidate would depend on which parent comes first"
            ))
            .help(format!("set clamp_max = {}", 1.0 - low)));
        }
        params.pairs.check_cap(params.max_per_parent)?;
        Ok(Self { params })
    }
}

impl IdProposer for VarianceInterpolation {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        pairs::count(identities, requested, self.params.max_per_parent)
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let spread = match self.params.rule {
            Rule::Midpoint => Spread::Predicted,
            Rule::PerDim => Spread::PerDim,
            Rule::StdRatio | Rule::VarRatio | Rule::Radius => Spread::Total,
        };
        let ends = Endpoints::read(identities, spread)?;
        let mut room = Room::check(&mut out, ends.dim())?;
        let pairs = self
            .params
            .pairs
            .choose(&ends, room.len(), self.params.max_per_parent, ctx)?;
        room.fill(ctx, |k, feature| {
            let t = self.place(&ends, pairs[k], feature)?;
            Ok(Origin::between(pairs[k], t, &ends))
        })
    }
}

impl VarianceInterpolation {
    /// Writes one fictional identity and returns its t.
    fn place(&self, ends: &Endpoints, (a, b): Pair, feature: &mut [f32]) -> Result<f64> {
        let (a, b) = (a as usize, b as usize);
        let clamp = |t: f64| t.clamp(self.params.clamp_min, self.params.clamp_max);
        let way = Way::between(ends.unit(a), ends.unit(b)).ok_or_else(|| opposite(a, b))?;
        let t = match self.params.rule {
            Rule::Midpoint => 0.5,
            Rule::PerDim => {
                let (va, vb) = (ends.variance_per_dim(a), ends.variance_per_dim(b));
                let position = |(va, vb): (&f32, &f32)| clamp(share(f64::from(*va), f64::from(*vb)));
                let per_dim: Vec<f64> = va.iter().zip(vb).map(position).collect();
                if !way.point_per_dim(&per_dim, feature) {
                    return Err(Error::data(format!(
                        "identity rows {a} and {b} cancel each other under rule `per-dim`"
                    ))
                    .help("use rule = \"std-ratio\""));
                }
                return Ok(per_dim.iter().sum::<f64>() / per_dim.len() as f64);
            }
            rule => clamp(rule.position(ends.variance(a), ends.variance(b), way.chord())),
        };
        way.point(self.params.interpolation, t, feature);
        Ok(t)
    }
}
