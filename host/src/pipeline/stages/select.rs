//! select/SET: which candidates stay, with the audit of every decision and the yield curve.

use ficta_core::{Error, Kind};
use serde_json::json;

use crate::{
    config::IdSet,
    pipeline::{
        Place, Stage,
        candidates::CandidateTable,
        identities::IdentityTable,
        place::write_table,
        resumable::{EVERY, with_checkpoint},
        selection,
    },
    storage::json as json_file,
};

pub const SELECTED: &str = "selected.safetensors";
pub const YIELD: &str = "yield.json";

pub fn stage(name: &str, set: &IdSet) -> Stage {
    let (choice, propose, set_name) = (set.selector.clone(), format!("propose/{name}"), name.to_owned());
    let wanted = set.count;
    let work = move |place: &Place<'_>| {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let candidates = CandidateTable::read(&place.file(&format!("propose/{set_name}"), super::propose::CANDIDATES))?;
        let state = place.resume.join("selector.state");
        let params = with_checkpoint(place.registry, Kind::SELECTOR, &choice, &state, EVERY)?;
        let mut selector = place.registry.selector(&choice.plugin, &params)?;
        let selection = selection::run(&mut *selector, &candidates, &real, &place.ctx())?;
        write_table(place, &selection::audit(&candidates, &selection)?, "audit")?;
        if let Some(curve) = selection::yield_curve(&mut *selector, &candidates, &real, &place.ctx())? {
            json_file::write(&place.dir.join(YIELD), &curve)?;
        }
        selection.require_survivors(
            &choice.plugin,
            &format!("raise the thresholds of [ids.{set_name}.selector.params], or ask for more candidates"),
        )?;
        // Here and not only where images are made: the denoiser is trained in between.
        if selection.kept.len() < wanted {
            return Err(Error::data(format!(
                "{} of {} candidates survive `{}`, but ids.{set_name}.count asks for {wanted}",
                selection.kept.len(),
                candidates.len(),
                choice.plugin
            ))
            .help(format!(
                "lower ids.{set_name}.count, raise the thresholds of its selector, or ask for more candidates"
            )));
        }
        place.host.say(&format!(
            "select/{set_name}: {} of {} candidates stay",
            selection.kept.len(),
            candidates.len()
        ));
        selection.tensors(&candidates)?.write(&place.dir.join(SELECTED))
    };
    Stage::new(
        format!("select/{name}"),
        vec!["statistics".into(), propose],
        json!({}),
        Box::new(work),
    )
    .with(Kind::SELECTOR, &set.selector)
}
