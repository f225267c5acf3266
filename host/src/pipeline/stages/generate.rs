//! generate/SET: images of each identity of a set, in a folder a person.

use std::path::Path;

use ficta_core::{Error, Kind, Result};
use serde_json::json;

use crate::{
    config::{ComponentChoice, DenoiserConfig, REAL, RunConfig},
    data::writer::Origin,
    pipeline::{
        Place, Stage,
        arm_images::{ArmImages, Generated},
        candidates::CandidateTable,
        generated_set,
        generator::Generator,
        identities::IdentityTable,
        images::Images,
        matrix::Matrix,
    },
};

pub fn stage(
    config: &RunConfig,
    denoiser: &DenoiserConfig,
    sampler: &ComponentChoice,
    ids: &str,
    images: usize,
    origin: &Origin,
) -> Stage {
    let count = config.ids.get(ids).map_or(0, |set| set.count);
    let (batch, ids_name) = (config.generation.batch, ids.to_owned());
    let (origin, used) = (origin.clone(), used(config, denoiser, sampler, ids));
    let (denoiser_choice, sampler_choice) = (denoiser.clone(), sampler.clone());
    let work = move |place: &Place<'_>| {
        let (conditions, rows) = conditions(place, &ids_name, count)?;
        let mut generator = Generator::trained(place, &denoiser_choice, &sampler_choice)?;
        generated_set::write(place, &mut generator, (&conditions, rows), images, batch)?;
        let shown = if ids_name == REAL {
            generated_set::REAL_PEOPLE
        } else {
            generated_set::NOBODY
        };
        let made_by = format!("ficta run, stage generate/{ids_name}");
        let sizes = [conditions.rows, images];
        generated_set::card(place, &made_by, Some(origin.clone()), &used, shown, sizes).write(&place.dir)
    };
    let chosen = super::identities_stage(ids);
    let inputs = vec![chosen, "train-denoiser".into()];
    let params = json!({"images": images, "count": count});
    Stage::new(format!("generate/{ids}"), inputs, params, Box::new(work))
        .with(Kind::DENOISER, &denoiser.component())
        .with(Kind::SAMPLER, sampler)
}

/// The unit features of a set's identities, and their rows in `selected` or, for the real ones, in `identities`.
fn conditions(place: &Place<'_>, ids: &str, count: usize) -> Result<(Matrix, Vec<i64>)> {
    if ids == REAL {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let rows = (0..real.len() as i64).collect();
        return Ok((real.mean.normalised("mean of identity")?, rows));
    }
    let selected = CandidateTable::read(&place.file(&super::identities_stage(ids), super::select::SELECTED))?;
    if selected.len() < count {
        return Err(Error::data(format!(
            "ids.{ids}.count is {count}, but only {} candidates were selected",
            selected.len()
        ))
        .help("lower the count, raise the selector's thresholds, or ask for more candidates"));
    }
    let n = if count == 0 { selected.len() } else { count };
    let rows: Vec<_> = (0..n).collect();
    Ok((selected.feature.select(&rows), (0..n as i64).collect()))
}

/// The components that had a part in a set, as `plugins.lock` names them.
fn used(config: &RunConfig, denoiser: &DenoiserConfig, sampler: &ComponentChoice, ids: &str) -> Vec<String> {
    let mut used = vec![
        (Kind::ENCODER, &config.encoder.plugin),
        (Kind::DENOISER, &denoiser.plugin),
        (Kind::SAMPLER, &sampler.plugin),
    ];
    if let Some(set) = config.ids.get(ids) {
        used.extend([
            (Kind::PROPOSER, &set.proposer.plugin),
            (Kind::SELECTOR, &set.selector.plugin),
        ]);
    }
    used.into_iter().map(|(kind, name)| format!("{kind} {name}")).collect()
}

/// The first `images` images of each of the first identities of a finished set, which are read as they are needed; labels are identities.
///
/// # Errors
/// A first image that is missing or cannot be read.
pub fn open(folder: &Path, identities: usize, images: usize) -> Result<ArmImages> {
    let labelled = (0..identities).map(|i| (i, i as i64)).collect();
    ArmImages::new(Images::default(), Generated::new(folder, labelled, images))
}

/// [`open`], all of them in memory.
///
/// # Errors
/// An image that is missing or cannot be read; images of several sizes.
pub fn read(folder: &Path, identities: usize, images: usize) -> Result<Images> {
    open(folder, identities, images)?.held(|_| Ok(()))
}
