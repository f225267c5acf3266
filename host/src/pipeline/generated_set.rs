//! The folder of a generated set: what the images were conditioned on, the images, a table of them, and a card.

use std::path::Path;

use ficta_core::{Error, Result, random::derive_seed};
use rayon::prelude::*;

use super::{Place, arm_images::file_name, generator::Generator, matrix::Matrix, place::write_table};
use crate::{
    data::{
        decode, png,
        source::{Format, read_image_file},
        writer::{Card, Origin},
    },
    storage::{Table, Tensors, hash},
};

/// Unit features that the images were conditioned on `[S,d]`, and which row of its source each is.
pub const CONDITIONS: &str = "conditions.safetensors";

/// What a set of `ficta generate` was asked for, among its files.
pub const SETTINGS: &str = "generation.json";

/// Most images of a set: ten thousand times the paper's.
const MOST: usize = 1 << 32;

/// Who is shown in a fictional set.
pub const NOBODY: &str = "generated images of nobody; the generator learnt from the people in the set below";

/// Who is shown in a set of the real identities.
pub const REAL_PEOPLE: &str = "generated images of the people in the set below";

/// Who is shown where features came without a word of whom they describe.
pub const UNKNOWN: &str = "generated images; whom the features describe that they were made from is not known here";

/// Writes `images` images of each condition into the place's folder, `batch` at once; those that are there already are kept.
///
/// # Errors
/// The components'; writing failed.
pub fn write(
    place: &Place<'_>,
    generator: &mut Generator,
    (conditions, rows): (&Matrix, Vec<i64>),
    images: usize,
    batch: usize,
) -> Result<()> {
    if conditions.rows.checked_mul(images).is_none_or(|all| all > MOST) {
        return Err(Error::config(format!(
            "{images} images of each of {} identities: expected at most {MOST} in all",
            conditions.rows
        ))
        .help("ask for fewer images of each"));
    }
    let mut tensors = Tensors::new();
    tensors.insert("feature", &[conditions.rows, conditions.cols], conditions.data.clone())?;
    tensors.insert("row", &[rows.len()], rows)?;
    tensors.write(&place.dir.join(CONDITIONS))?;
    let hashes = images_of(place, generator, conditions, images, batch)?;
    manifest(place, images, hashes)
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
fn images_of(
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

/// What stands in the README beside the images. `used` are components as `plugins.lock` names them, `shown` says who is shown.
pub fn card(
    place: &Place<'_>,
    made_by: &str,
    origin: Option<Origin>,
    used: &[String],
    shown: &str,
    [identities, images]: [usize; 2],
) -> Card {
    let mut card = Card::from_one(origin.clone().unwrap_or_default(), Format::Generated, made_by);
    if origin.is_none() {
        card.made_from.clear();
    }
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
    (card.licence, card.consent) = (None, Some(shown.into()));
    card
}
