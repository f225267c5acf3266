//! propose/SET: candidates for fictional identities.

use ficta_core::Kind;
use serde_json::json;

use crate::{
    config::IdSet,
    pipeline::{Place, Stage, identities::IdentityTable, proposal::propose},
};

pub const CANDIDATES: &str = "candidates.safetensors";

pub fn stage(name: &str, set: &IdSet) -> Stage {
    let (choice, requested) = (set.proposer.clone(), set.candidates);
    let work = move |place: &Place<'_>| {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let mut proposer = place.registry.proposer(&choice.plugin, &choice.params)?;
        let candidates = propose(&mut *proposer, &choice.plugin, &real, requested, &place.ctx())?;
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
