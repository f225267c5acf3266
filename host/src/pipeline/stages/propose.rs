//! propose/SET: candidates for fictional identities.

use ficta_core::{CandidatesMut, Error, Kind, TensorMut};
use serde_json::json;

use crate::{
    config::IdSet,
    pipeline::{Place, Stage, candidates::CandidateTable, identities::IdentityTable},
};

pub const CANDIDATES: &str = "candidates.safetensors";

pub fn stage(name: &str, set: &IdSet) -> Stage {
    let (choice, requested) = (set.proposer.clone(), set.candidates);
    let work = move |place: &Place<'_>| {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let mut proposer = place.registry.proposer(&choice.plugin, &choice.params)?;
        let (k, d) = (proposer.count(real.len(), requested)?, real.mean.cols);
        if k == 0 {
            return Err(Error::data(format!(
                "`{}` proposes no candidate for {} identities",
                choice.plugin,
                real.len()
            )));
        }
        let mut candidates = CandidateTable::empty(k, d);
        let out = CandidatesMut {
            feature: TensorMut::new(&mut candidates.feature.data, &[k, d])?,
            parents: TensorMut::new(&mut candidates.parents, &[k, 2])?,
            t: TensorMut::new(&mut candidates.t, &[k])?,
            variance: TensorMut::new(&mut candidates.variance, &[k])?,
        };
        proposer.propose(&real.view()?, out, &place.ctx())?;
        candidates.check(real.len())?;
        candidates.tensors()?.write(&place.dir.join(CANDIDATES))
    };
    let params = json!({ "candidates": set.candidates });
    Stage::new(
        format!("propose/{name}"),
        vec!["statistics".into()],
        params,
        Box::new(work),
    )
    .with(Kind::PROPOSER, &set.proposer)
}
