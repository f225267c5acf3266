//! The selector `id-nms`.

use ficta_core::{
    Candidates, Configure, Ctx, Error, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    field::Field,
    greedy::{self, Limits, Past},
    journal::{Checkpoint, Journal, Key},
    metric::{Measure, Metric, Side},
    order::Order,
    parent_quota::ParentQuota,
    scene::{self, Scene},
    workers,
    yield_curve::{self, Grid},
};

/// Parameters of `id-nms`.
///
/// For nearly orthogonal parents a midpoint has a cosine of 0.707 to each, so thresholds for candidates before generation want to lie
/// above 0.72; for the centres of generated images 0.3 to 0.5 are usual.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdNmsParams {
    /// How similarity is measured, and so which of the limits below apply.
    pub metric: Metric,
    /// With the cosine: drop a candidate whose cosine to a real identity exceeds this. 1 drops none.
    #[schemars(range(min = -1.0, max = 1.0))]
    pub threshold_real: f64,
    /// With the cosine: drop a candidate whose cosine to one already selected exceeds this. 1 drops none.
    #[schemars(range(min = -1.0, max = 1.0))]
    pub threshold_selected: f64,
    /// With metric = "variance-distance": drop a candidate nearer than this to a real identity. 0 drops none.
    #[schemars(range(min = 0.0))]
    pub distance_real: f64,
    /// With metric = "variance-distance": drop a candidate nearer than this to one already selected. 0 drops none.
    #[schemars(range(min = 0.0))]
    pub distance_selected: f64,
    /// Which candidates are looked at first.
    pub order: Order,
    /// Stop when that many are selected; 0 to look at all.
    pub target: usize,
    /// Select at most that many children of one real identity; 0 for no limit.
    pub max_per_parent: usize,
    /// Where a long selection writes down how far it has come. The host sets it; it changes no outcome.
    pub checkpoint: Option<Checkpoint>,
}

impl Default for IdNmsParams {
    fn default() -> Self {
        Self {
            metric: Metric::default(),
            threshold_real: 0.75,
            threshold_selected: 0.75,
            // With a sigma of 0.6, the mean of what is measured on faces, a cosine of 0.76.
            distance_real: 0.2,
            distance_selected: 0.2,
            order: Order::default(),
            target: 0,
            max_per_parent: 0,
            checkpoint: None,
        }
    }
}

/// Exact greedy non-maximum suppression of identities.
///
/// In order, a candidate is dropped where its largest cosine to a real identity exceeds `threshold_real`; else where a parent has had
/// `max_per_parent` children; else where its largest cosine to a selected candidate exceeds `threshold_selected`; else it is selected.
/// After `target` selections no other candidate is looked at. The paper discards what is too similar to existing or selected
/// identities; score, metric, thresholds and cap are ours. With metric = "variance-distance" the smallest distance
/// `(1 - cos)/(sigma_i + sigma_j)` stands in place of the largest cosine, and the limits are `distance_real` and `distance_selected`.
///
/// The blocker of `real` and `selected` is the identity of the *largest* cosine (smallest distance) among all of them, of equals the
/// lowest row or index; that of `parent-cap` is the first exhausted parent; each with the cosine to it. Cosines are f64 sums over the
/// f32 features in a fixed order: neither threads nor block sizes nor machine change an outcome. Pairs are told apart by estimates
/// with proven bounds first, and computed in f64 where those do not decide.
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
        for (key, value) in [
            ("distance_real", params.distance_real),
            ("distance_selected", params.distance_selected),
        ] {
            if !(0.0..=f64::MAX).contains(&value) {
                return Err(
                    Error::config(format!("{key} = {value}: a distance is finite and not negative")).help("try 0.2"),
                );
            }
        }
        Ok(Self { params })
    }
}

/// Where nearest identities are asked for without a limit: about what cosine they have.
const USUAL: f64 = 0.5;

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
        let quota = ParentQuota::new(&scene, self.params.max_per_parent)?;
        let measure = scene.measure(self.params.metric)?;
        let limits = self.limits();
        let matters = |side, limit| {
            if scene.len() == 0 {
                0.0
            } else {
                measure.floor(0, side, limit)
            }
        };
        let cosine = matters(Side::Real, limits.real).min(matters(Side::Selected, limits.selected));
        let field = Field::new(&scene, measure, cosine, workers::pool(ctx)?, ctx)?;
        let (journal, begun) = match &self.params.checkpoint {
            Some(settings) => {
                let (journal, begun) = Journal::open(settings, self.key(&scene, ctx), scene.len(), ctx);
                (Some(journal), begun)
            }
            None => (None, None),
        };
        let (order, verdicts) = match begun {
            Some(begun) => (begun.order, begun.verdicts),
            None => (self.order(&field, ctx)?, Vec::new()),
        };
        let past = journal.map(|journal| Past { journal, verdicts });
        greedy::select(&field, &order, &limits, quota, past, ctx)?.write(out)
    }

    /// Each threshold applies to both real and selected identities, in place of `threshold_real` and `threshold_selected` (with
    /// metric = "variance-distance": of `distance_real` and `distance_selected`); `order` and `max_per_parent` hold, `target` does not.
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
        let quota = ParentQuota::new(&scene, self.params.max_per_parent)?;
        let grid = Grid::new(thresholds.as_slice()?, self.params.metric)?;
        let measure = scene.measure(self.params.metric)?;
        let field = Field::new(&scene, measure, USUAL, workers::pool(ctx)?, ctx)?;
        let order = self.order(&field, ctx)?;
        let nearest = field.nearest_real_of_all(&field.measure, ctx)?;
        let counts = yield_curve::survivors(&field, &order, &grid, &nearest, &quota, ctx)?;
        kept.as_mut_slice()?.copy_from_slice(&counts);
        Ok(())
    }
}

impl IdNms {
    fn limits(&self) -> Limits {
        let (real, selected) = match self.params.metric {
            Metric::Cosine => (self.params.threshold_real, self.params.threshold_selected),
            Metric::VarianceDistance => (self.params.distance_real, self.params.distance_selected),
        };
        Limits {
            real: self.params.metric.score_of(real),
            selected: self.params.metric.score_of(selected),
            target: self.params.target,
        }
    }

    /// Stands for everything that a selection depends on.
    fn key(&self, scene: &Scene<'_>, ctx: &Ctx<'_>) -> u64 {
        let params = IdNmsParams {
            checkpoint: None,
            ..self.params.clone()
        };
        Key::of(scene, &format!("{params:?} {}", ctx.seed()))
    }

    fn order(&self, field: &Field<'_>, ctx: &Ctx<'_>) -> Result<Vec<usize>> {
        let nearest = || field.nearest_real_of_all(&Measure::cosine(), ctx);
        self.params.order.of(field.scene, nearest, ctx)
    }
}
