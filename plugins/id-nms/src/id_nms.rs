//! The selector `id-nms`.

use ficta_core::{
    Candidates, Configure, Ctx, Error, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    greedy::{self, Limits},
    order::Order,
    parent_quota::ParentQuota,
    scene::{self, Scene},
    workers, yield_curve,
};

/// Parameters of `id-nms`.
///
/// For nearly orthogonal parents a midpoint has a cosine of 0.707 to each, so thresholds for candidates before generation want to lie
/// above 0.72; for the centres of generated images 0.3 to 0.5 are usual.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdNmsParams {
    /// Drop a candidate whose cosine to a real identity exceeds this. 1 drops none.
    #[schemars(range(min = -1.0, max = 1.0))]
    pub threshold_real: f64,
    /// Drop a candidate whose cosine to one already selected exceeds this. 1 drops none.
    #[schemars(range(min = -1.0, max = 1.0))]
    pub threshold_selected: f64,
    /// Which candidates are looked at first.
    pub order: Order,
    /// Stop when that many are selected; 0 to look at all.
    pub target: usize,
    /// Select at most that many children of one real identity; 0 for no limit.
    pub max_per_parent: usize,
}

impl Default for IdNmsParams {
    fn default() -> Self {
        Self {
            threshold_real: 0.75,
            threshold_selected: 0.75,
            order: Order::default(),
            target: 0,
            max_per_parent: 0,
        }
    }
}

/// Exact greedy non-maximum suppression of identities.
///
/// In order, a candidate is dropped where its largest cosine to a real identity exceeds `threshold_real`; else where a parent has had
/// `max_per_parent` children; else where its largest cosine to a selected candidate exceeds `threshold_selected`; else it is selected.
/// After `target` selections no other candidate is looked at. The paper discards what is too similar to existing or selected
/// identities; score, metric, thresholds and cap are ours.
///
/// The blocker of `real` and `selected` is the identity of the *largest* cosine among all of them, of equals the lowest row or index;
/// that of `parent-cap` is the first exhausted parent, with the cosine to it. Cosines are f64 sums over the f32 features in a fixed
/// order: neither threads nor machine change an outcome.
#[derive(Clone, Debug)]
pub struct IdNms {
    params: IdNmsParams,
}

impl Configure for IdNms {
    type Params = IdNmsParams;

    fn configure(params: Self::Params) -> Result<Self> {
        for (key, value) in [
            ("threshold_real", params.threshold_real),
            ("threshold_selected", params.threshold_selected),
        ] {
            if !(-1.0..=1.0).contains(&value) {
                return Err(Error::config(format!("{key} = {value}: a cosine lies in -1..=1")).help("try 0.75"));
            }
        }
        Ok(Self { params })
    }
}

impl IdSelector for IdNms {
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize> {
        let scene = Scene::read(candidates, real)?;
        scene::check_room(&out, scene.len())?;
        let quota = self.quota(candidates, &scene)?;
        let pool = workers::pool(ctx)?;
        let order = self.params.order.of(&scene, &pool, ctx)?;
        let limits = Limits {
            real: self.params.threshold_real,
            selected: self.params.threshold_selected,
            target: self.params.target,
        };
        greedy::select(&scene, &order, &limits, quota, &pool, ctx)?.write(out)
    }

    /// Each threshold applies to both real and selected identities, in place of `threshold_real` and `threshold_selected`; `order` and
    /// `max_per_parent` hold, `target` does not.
    fn yield_curve(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        thresholds: TensorRef<'_>,
        mut kept: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let scene = Scene::read(candidates, real)?;
        let [points] = thresholds.dims("thresholds")?;
        kept.expect_shape("kept", &[points])?;
        let quota = self.quota(candidates, &scene)?;
        let pool = workers::pool(ctx)?;
        let order = self.params.order.of(&scene, &pool, ctx)?;
        let counts = yield_curve::survivors(&scene, &order, thresholds.as_slice()?, &quota, &pool, ctx)?;
        kept.as_mut_slice()?.copy_from_slice(&counts);
        Ok(())
    }
}

impl IdNms {
    fn quota(&self, candidates: &Candidates<'_>, scene: &Scene<'_>) -> Result<ParentQuota> {
        ParentQuota::new(candidates, scene.len(), scene.real.len(), self.params.max_per_parent)
    }
}
