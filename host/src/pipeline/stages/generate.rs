//! generate/SET: images of each identity of a set, in a folder a person.

use std::path::Path;

use ficta_core::{Error, Kind, Result, random::derive_seed};
use rayon::prelude::*;
use serde_json::json;

use crate::{
    config::{ComponentChoice, DenoiserConfig, REAL, RunConfig},
    data::{
        decode, png,
        source::{Format, read_image_file},
        writer::{Card, Origin},
    },
    pipeline::{
        Place, Stage,
        arm_images::{ArmImages, Generated, file_name},
        candidates::CandidateTable,
        generator::Generator,
        identities::IdentityTable,
        images::Images,
        matrix::Matrix,
        place::write_table,
    },
    storage::{Table, Tensors, hash},
};

/// Unit features that the images were conditioned on `[S,d]`, and which row of its source each is.
pub const CONDITIONS: &str = "conditions.safetensors";

/// Who is shown in a fictional set.
const NOBODY: &str = "generated images of nobody; the generator learnt from the people in the set below";

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
        let mut tensors = Tensors::new();
        tensors.insert("feature", &[conditions.rows, conditions.cols], conditions.data.clone())?;
        tensors.insert("row", &[rows.len()], rows)?;
        tensors.write(&place.dir.join(CONDITIONS))?;
        let mut generator = Generator::trained(place, &denoiser_choice, &sampler_choice)?;
        let hashes = make_all(place, &mut generator, &conditions, images, batch)?;
        manifest(place, images, hashes)?;
        card(place, &ids_name, &origin, &used, [conditions.rows, images]).write(&place.dir)
    };
    let chosen = super::identities_stage(ids);
    let inputs = vec![chosen, "train-denoiser".into()];
    let params = json!({"images": images, "count": count});
    let component = ComponentChoice {
        plugin: denoiser.plugin.clone(),
        params: denoiser.params.clone(),
    };
    Stage::new(format!("generate/{ids}"), inputs, params, Box::new(work))
        .with(Kind::DENOISER, &component)
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

/// The SHA-256 of an image that is there and whole.
fn present(path: &Path) -> Option<String> {
    let bytes = read_image_file(path).ok()?;
    decode::rgb(&bytes, &path.display()).ok()?;
    Some(hash::of_bytes(&bytes))
}

/// Images looked for at once.
const LOOKED_FOR: usize = 4096;

/// Makes what is not there yet, and tells the SHA-256 of each image. An image is a function of (run seed, identity, image) alone, so it does not matter
/// which are missing.
fn make_all(
    place: &Place<'_>,
    generator: &mut Generator,
    conditions: &Matrix,
    images: usize,
    batch: usize,
) -> Result<Vec<String>> {
    let (ctx, channels) = (place.ctx(), generator.network.info().channels);
    for identity in 0..conditions.rows {
        place.folder(&format!("images/{identity:05}"))?;
    }
    let total = conditions.rows * images;
    let file = |i: usize| place.dir.join(file_name(i / images, i % images));
    let mut hashes: Vec<Option<String>> = Vec::with_capacity(total);
    for start in (0..total).step_by(LOOKED_FOR) {
        let some = (start..total.min(start + LOOKED_FOR)).into_par_iter();
        hashes.par_extend(some.map(|i| present(&file(i))));
        ctx.progress(hashes.len() as u64, total as u64, "images looked for")?;
    }
    let missing: Vec<_> = (0..total).filter(|i| hashes[*i].is_none()).collect();
    if missing.len() < total {
        place.host.say(&format!(
            "{} of {total} images are there already",
            total - missing.len()
        ));
    }
    if let Some(predictions) = generator.predictions().filter(|_| !missing.is_empty()) {
        place.host.say(&format!(
            "{} images to make, each from {predictions} predictions of the network",
            missing.len()
        ));
    }
    let mut done = total - missing.len();
    for chunk in missing.chunks(batch) {
        let rows: Vec<_> = chunk.iter().map(|i| i / images).collect();
        let seeds: Vec<_> = chunk.iter().map(|i| seed(place.seed, i / images, i % images)).collect();
        let made = generator.make(&conditions.select(&rows), &seeds, place)?;
        for (row, i) in chunk.iter().enumerate() {
            let bytes = png::encode(made.one(row), made.height, made.width, channels)?;
            put(&file(*i), &bytes)?;
            hashes[*i] = Some(hash::of_bytes(&bytes));
        }
        done += chunk.len();
        ctx.progress(done as u64, total as u64, "images")?;
    }
    Ok(hashes.into_iter().flatten().collect())
}

/// Writes an image whole or not at all. That it is on the disk is made sure once for the whole set, when the stage ends.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = path.with_extension("part");
    std::fs::write(&aside, bytes)
        .and_then(|()| std::fs::rename(&aside, path))
        .map_err(|e| {
            Error::io(format!("{}: {e}", path.display()))
                .help("make room on the disk; the run goes on where it stopped")
        })
}

/// Seed of the noise of image `image` of identity `identity`.
fn seed(run: u64, identity: usize, image: usize) -> u64 {
    derive_seed(run, "generate", identity as u64, image as u64)
}

/// `hashes` are of identity after identity, `images` of each.
fn manifest(place: &Place<'_>, images: usize, hashes: Vec<String>) -> Result<()> {
    let all: Vec<_> = (0..hashes.len()).map(|i| (i / images, i % images)).collect();
    let files: Vec<_> = all.iter().map(|(id, j)| file_name(*id, *j)).collect();
    place.know(files.iter().cloned().zip(hashes.iter().cloned()));
    let table = Table::new()
        .with("identity", all.iter().map(|(id, _)| *id as i64).collect::<Vec<_>>())?
        .with("image", all.iter().map(|(_, j)| *j as i64).collect::<Vec<_>>())?
        .with("file", files)?
        .with(
            "noise_seed",
            all.iter()
                .map(|(id, j)| format!("{:016x}", seed(place.seed, *id, *j)))
                .collect::<Vec<_>>(),
        )?
        .with("sha256", hashes)?;
    write_table(place, &table, "manifest")
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

/// What stands in the README beside the images.
fn card(place: &Place<'_>, ids: &str, origin: &Origin, used: &[String], [identities, images]: [usize; 2]) -> Card {
    let mut card = Card::from_one(
        origin.clone(),
        Format::Generated,
        &format!("ficta run, stage generate/{ids}"),
    );
    (card.identities, card.images) = (identities, identities * images);
    card.seed = Some(place.seed);
    for (name, plugin) in &place.plugins_lock.plugins {
        let parts: Vec<&str> = used
            .iter()
            .filter(|component| plugin.components.contains(component))
            .map(String::as_str)
            .collect();
        if !parts.is_empty() {
            let version = format!(
                "{} ({}; sha256 {:.12})",
                plugin.version,
                parts.join(", "),
                plugin.sha256
            );
            card.plugins.insert(name.clone(), version.into());
        }
    }
    // The photographs' licence and consent bind what was learnt from them; what the images themselves are under is for their maker to say.
    let shown = if ids == REAL {
        "generated images of the people in the set below"
    } else {
        NOBODY
    };
    (card.licence, card.consent) = (None, Some(shown.into()));
    card
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
