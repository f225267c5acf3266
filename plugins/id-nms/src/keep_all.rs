//! The selector `all`.

use ficta_core::{Candidates, Configure, Ctx, IdSelector, Identities, Result, SelectionMut};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    field::Field,
    metric::Measure,
    order::Order,
    outcome::{Outcome, Verdict},
    scene::{self, Scene},
    workers,
};

/// Parameters of `all`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeepAllParams {
    /// Which candidates come first: as in `id-nms`, so that with one order the two differ by the suppression alone.
    pub order: Order,
    /// Select that many; 0 for all.
    pub target: usize,
}

/// Selects every candidate, or the first `target`: the ablation without NMS. It looks at no cosine (but for order = "max-cosine").
#[derive(Clone, Debug)]
pub struct KeepAll {
    params: KeepAllParams,
}

impl Configure for KeepAll {
    type Params = KeepAllParams;

    fn configure(params: Self::Params) -> Result<Self> {
        Ok(Self { params })
    }
}

impl IdSelector for KeepAll {
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize> {
        let scene = Scene::read(candidates, real)?;
        scene::check_room(&out, scene.len())?;
        let nearest = || {
            let field = Field::new(&scene, Measure::cosine(), 0.5, workers::pool(ctx)?, ctx)?;
            field.nearest_real_of_all(&field.measure, ctx)
        };
        let mut selected = self.params.order.of(&scene, nearest, ctx)?;
        if self.params.target > 0 {
            selected.truncate(self.params.target);
        }
        let mut verdicts = vec![Verdict::UNSEEN; scene.len()];
        for candidate in &selected {
            verdicts[*candidate] = Verdict::KEEP;
        }
        Outcome { verdicts, selected }.write(out)
    }
}
