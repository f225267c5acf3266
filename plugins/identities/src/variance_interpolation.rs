//! The proposer `variance-interpolation`.

use ficta_core::{CandidatesMut, Configure, Ctx, Error, IdProposer, Identities, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Interpolation, Pairs, Rule, endpoints::Endpoints, interpolate::Way, pairs::Pair, rule::share};

/// Candidates after which progress is reported.
const STEP: usize = 4096;

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
        if params.pairs == Pairs::All && params.max_per_parent > 0 {
            return Err(Error::config(format!(
                "max_per_parent = {} leaves pairs out, but pairs = \"all\" asks for every one",
                params.max_per_parent
            ))
            .help("set pairs = \"random\", \"nearest\" or \"farthest\"; or cap the parents in the selector"));
        }
        Ok(Self { params })
    }
}

impl IdProposer for VarianceInterpolation {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        let available = Pairs::available(identities, self.params.max_per_parent)?;
        if requested <= available {
            return Ok(if requested == 0 { available } else { requested });
        }
        let help = match self.params.max_per_parent {
            0 => format!("ask for at most {available} candidates (0: all of them), or use more real identities"),
            cap => format!("ask for at most {available} candidates (0: all of them), or raise max_per_parent = {cap}"),
        };
        Err(Error::config(format!(
            "{requested} candidates are wanted, but {identities} identities give only {available} pairs"
        ))
        .help(help))
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let ends = Endpoints::read(identities, self.params.rule == Rule::PerDim)?;
        let dim = ends.dim();
        let [count, _] = out.feature.dims("feature of the candidates")?;
        out.feature.expect_shape("feature of the candidates", &[count, dim])?;
        out.parents.expect_shape("parents of the candidates", &[count, 2])?;
        out.t.expect_shape("t of the candidates", &[count])?;
        out.variance.expect_shape("variance of the candidates", &[count])?;

        let pairs = self
            .params
            .pairs
            .choose(&ends, count, self.params.max_per_parent, ctx)?;
        let features = out.feature.as_mut_slice::<f32>()?.chunks_exact_mut(dim);
        let parents = out.parents.as_mut_slice::<i64>()?.chunks_exact_mut(2);
        let ts = out.t.as_mut_slice::<f32>()?.iter_mut();
        let variances = out.variance.as_mut_slice::<f32>()?.iter_mut();
        let mut per_dim = vec![0.0; dim];
        for (done, ((((pair, feature), parents), t), variance)) in pairs
            .iter()
            .zip(features)
            .zip(parents)
            .zip(ts)
            .zip(variances)
            .enumerate()
        {
            if done % STEP == 0 {
                ctx.progress(done as u64, count as u64, "candidates")?;
            }
            let place = self.place(&ends, *pair, &mut per_dim, feature)?;
            let (a, b) = (pair.0 as usize, pair.1 as usize);
            *t = place as f32;
            *variance = ((1.0 - place) * ends.variance(a) + place * ends.variance(b)) as f32;
            parents.copy_from_slice(&[a as i64, b as i64]);
        }
        ctx.progress(count as u64, count as u64, "candidates")
    }
}

impl VarianceInterpolation {
    /// Writes one fictional identity and returns its t. `per_dim` is room for d positions.
    fn place(&self, ends: &Endpoints, (a, b): Pair, per_dim: &mut [f64], feature: &mut [f32]) -> Result<f64> {
        let (a, b) = (a as usize, b as usize);
        let clamp = |t: f64| t.clamp(self.params.clamp_min, self.params.clamp_max);
        let way = Way::between(ends.unit(a), ends.unit(b)).ok_or_else(|| {
            Error::data(format!("identity rows {a} and {b} point in opposite directions, so nothing lies between them"))
                .help("check the two for broken features; where there are only two identities, centring makes them opposite: switch it off")
        })?;
        let t = match self.params.rule {
            Rule::Midpoint => 0.5,
            Rule::PerDim => {
                let (va, vb) = (ends.variance_per_dim(a), ends.variance_per_dim(b));
                for (slot, (va, vb)) in per_dim.iter_mut().zip(va.iter().zip(vb)) {
                    *slot = clamp(share(f64::from(*va), f64::from(*vb)));
                }
                if !way.point_per_dim(per_dim, feature) {
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
