use ficta_core::{CandidatesMut, Configure, Ctx, IdProposer, Identities, Result, TensorRef};
use my_proposer::MyProposer;

use crate::{Params, common, tick};

pub struct Wrong {
    fault: String,
    good: MyProposer,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MyProposer::configure(my_proposer::Params::default())?,
        })
    }
}

impl IdProposer for Wrong {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        let count = self.good.count(identities, requested)?;
        Ok(if self.fault == "more-than-asked" {
            count + 1
        } else {
            count
        })
    }

    fn propose(&mut self, identities: &Identities<'_>, mut out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        common(&self.fault, ctx)?;
        let mut identities = *identities;
        let doubles = identities.mean.as_slice::<f64>().unwrap_or_default();
        let singles: Vec<f32> = doubles.iter().map(|x| *x as f32).collect();
        match &*self.fault {
            "takes-any-type" if !singles.is_empty() => {
                identities.mean = TensorRef::new(&singles, identities.mean.shape())?;
            }
            "trusts-the-room" => assert_eq!(out.t.shape(), out.variance.shape()),
            "needs-two" => assert!(identities.mean.shape()[0] > 1, "two identities are needed"),
            _ => {}
        }
        let room = CandidatesMut {
            feature: out.feature.reborrow(),
            parents: out.parents.reborrow(),
            t: out.t.reborrow(),
            variance: out.variance.reborrow(),
        };
        self.good.propose(&identities, room, ctx)?;
        match &*self.fault {
            "not-unit" => out.feature.as_mut_slice::<f32>()?.iter_mut().for_each(|x| *x *= 1.01),
            "no-such-parent" => out.parents.as_mut_slice::<i64>()?[3] = identities.mean.shape()[0] as i64,
            "negative-variance" => out.variance.as_mut_slice::<f32>()?[0] = -0.1,
            "not-repeatable" => {
                let [_, dim] = out.feature.dims("features")?;
                out.feature
                    .as_mut_slice::<f32>()?
                    .rotate_left((tick() as usize % 3 + 1) * dim);
            }
            _ => {}
        }
        Ok(())
    }
}

ficta_core::register_proposer!(Wrong, "wrong-proposer", "Breaks the contract");
