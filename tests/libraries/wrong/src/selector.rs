use ficta_core::{
    Candidates, Configure, Ctx, Decision, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef,
};
use my_selector::MySelector;

use crate::{Params, common, trembling};

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
        common(&self.fault, ctx)?;
        let mut candidates = *candidates;
        let features = self.features(&candidates);
        if let Some(features) = &features {
            candidates.feature = TensorRef::new(features, candidates.feature.shape())?;
        }
        match &*self.fault {
            "needs-parents" => assert!(candidates.parents.is_some(), "every candidate has parents"),
            "trusts-the-room" => assert_eq!(out.rank.shape(), &candidates.feature.shape()[..1]),
            _ => {}
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
            "not-repeatable" => {
                let more = trembling();
                out.cosine.as_mut_slice::<f32>()?.iter_mut().for_each(|c| *c += more);
            }
            "counts-threads" if ctx.threads() > 1 => {
                out.cosine.as_mut_slice::<f32>()?.iter_mut().for_each(|c| *c += 1e-6)
            }
            _ => {}
        }
        Ok(count)
    }

    fn yield_curve(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        thresholds: TensorRef<'_>,
        mut kept: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        if self.fault != "keeps-more-than-all" {
            return self.good.yield_curve(candidates, real, thresholds, kept, ctx);
        }
        kept.as_mut_slice::<i64>()?
            .fill(candidates.feature.shape()[0] as i64 + 1);
        Ok(())
    }
}

impl Wrong {
    /// Other features than were given, where the fault is to take what must be refused.
    fn features(&self, candidates: &Candidates<'_>) -> Option<Vec<f32>> {
        let own = || candidates.feature.as_slice::<f32>().ok().map(<[f32]>::to_vec);
        match &*self.fault {
            "hides-nan" => own().map(|mut all| {
                all.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.1);
                all
            }),
            "hides-zeros" => own().map(|mut all| {
                all.iter_mut().filter(|x| **x == 0.0).for_each(|x| *x = 0.1);
                all
            }),
            "takes-any-type" => {
                let doubles = candidates.feature.as_slice::<f64>().ok()?;
                Some(doubles.iter().map(|x| *x as f32).collect())
            }
            _ => None,
        }
    }
}

ficta_core::register_selector!(Wrong, "wrong-selector", "Breaks the contract");
