use ficta_core::{Candidates, Configure, Ctx, Decision, IdSelector, Identities, Result, SelectionMut, TensorRef};
use my_selector::MySelector;

use crate::Params;

pub struct Wrong {
    fault: String,
    good: MySelector,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MySelector::configure(my_selector::Params::default())?,
        })
    }
}

impl IdSelector for Wrong {
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        mut out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize> {
        let mut features = candidates
            .feature
            .as_slice::<f32>()
            .map(<[f32]>::to_vec)
            .unwrap_or_default();
        let mut candidates = *candidates;
        if self.fault == "hides-nan" {
            features.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.1);
            candidates.feature = TensorRef::new(&features, candidates.feature.shape())?;
        }
        let room = SelectionMut {
            decision: out.decision.reborrow(),
            blocker: out.blocker.reborrow(),
            cosine: out.cosine.reborrow(),
            rank: out.rank.reborrow(),
        };
        let count = self.good.select(&candidates, real, room, ctx)?;
        match &*self.fault {
            "miscounts" => return Ok(count + 1),
            "ranks-from-one" => out
                .rank
                .as_mut_slice::<i64>()?
                .iter_mut()
                .filter(|r| **r >= 0)
                .for_each(|r| *r += 1),
            "wrong-blocker" => {
                let decisions = out.decision.as_slice::<u8>()?.to_vec();
                for (blocker, decision) in out.blocker.as_mut_slice::<i64>()?.iter_mut().zip(decisions) {
                    if Decision(decision) == Decision::REAL {
                        *blocker = (*blocker + 1) % real.mean.shape()[0] as i64;
                    }
                }
            }
            "counts-threads" if ctx.threads() > 1 => {
                out.cosine.as_mut_slice::<f32>()?.iter_mut().for_each(|c| *c += 1e-6)
            }
            _ => {}
        }
        Ok(count)
    }
}

ficta_core::register_selector!(Wrong, "wrong-selector", "Breaks the contract");
