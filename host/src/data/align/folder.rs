//! Aligns a whole set into a folder `person/image`.

use std::{
    collections::HashSet,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use ficta_core::{Ctx, Error, ErrorKind, Result};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{LandmarkTable, Points, Similarity, Template, warp};
use crate::{
    data::{ImageSource, Rgb, png},
    storage::{atomic, json},
};

/// What aligned images are stored as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Without loss.
    #[default]
    Png,
    /// JPEG of quality 95.
    Jpg,
}

/// What to make. Written to the folder, so that a run goes on only with the same options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlignOptions {
    /// Where landmarks come to lie.
    pub template: Template,
    /// Height of an aligned image in pixels.
    pub size: usize,
    /// How it is stored.
    pub format: Encoding,
    /// SHA-256 of the landmark file; empty where the set brings its landmarks.
    pub landmarks: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Aligned {
    /// Images aligned now.
    pub aligned: usize,
    /// Images that an earlier run had aligned.
    pub present: usize,
    /// Images that could not be aligned, with the reason. Nothing stands in their place.
    pub failures: Vec<(String, String)>,
}

/// The options, in the folder.
const OPTIONS: &str = "align.json";
/// The failures, in the folder; not there without any.
pub const FAILURES: &str = "failures.csv";
/// Images between two reports of progress.
const BLOCK: usize = 256;

/// Aligns every image of `set` into `out`, on all threads. What is there already is left: a run that was stopped goes on. Failures are listed in
/// `failures.csv`, and tried again the next time.
///
/// # Errors
/// A folder of other options, or with something else in it; writing failed; cancellation. A failed image is no error.
pub fn align_all(
    set: &dyn ImageSource,
    table: Option<&LandmarkTable>,
    out: &Path,
    options: &AlignOptions,
    ctx: &Ctx<'_>,
) -> Result<Aligned> {
    let target = options.template.at(options.size)?;
    prepare(out, options)?;
    let ambiguous = table.map(|table| ambiguous(set, table)).unwrap_or_default();
    let mut result = Aligned::default();
    let mut taken = HashSet::new();
    for start in (0..set.len()).step_by(BLOCK) {
        let paths: Vec<(usize, Option<PathBuf>)> = (start..set.len().min(start + BLOCK))
            .map(|at| {
                let path = place(set, at, options.format);
                let mut hasher = DefaultHasher::new();
                path.hash(&mut hasher);
                (at, taken.insert(hasher.finish()).then_some(path))
            })
            .collect();
        let done: Vec<Result<Outcome>> = paths
            .into_par_iter()
            .map(|(at, path)| {
                let Some(path) = path.map(|p| out.join(p)) else {
                    return Ok(Outcome::Failed(
                        at,
                        "another image of this person has the same name without its ending".into(),
                    ));
                };
                if fs::metadata(&path).is_ok_and(|m| m.len() > 0) {
                    return Ok(Outcome::Present);
                }
                match align(set, at, table, &ambiguous, &target, options.format) {
                    Ok(bytes) => atomic::write_bytes(&path, &bytes).map(|()| Outcome::Aligned),
                    Err(e) => Ok(Outcome::Failed(at, reason(&e))),
                }
            })
            .collect();
        for outcome in done {
            match outcome? {
                Outcome::Aligned => result.aligned += 1,
                Outcome::Present => result.present += 1,
                Outcome::Failed(at, why) => result.failures.push((set.name(at), why)),
            }
        }
        ctx.progress(set.len().min(start + BLOCK) as u64, set.len() as u64, "images")?;
    }
    list_failures(out, &result.failures)?;
    Ok(result)
}

enum Outcome {
    Aligned,
    Present,
    Failed(usize, String),
}

fn reason(e: &Error) -> String {
    let causes: Vec<&str> = std::iter::once(e.message()).chain(e.causes()).collect();
    causes.join(": ")
}

fn prepare(out: &Path, options: &AlignOptions) -> Result<()> {
    let file = out.join(OPTIONS);
    if file.exists() {
        let before: AlignOptions = json::read(&file)?;
        if before != *options {
            return Err(Error::config(format!(
                "{} was aligned with other options: {before:?}, now {options:?}",
                out.display()
            ))
            .help("choose another folder"));
        }
        atomic::remove_leftovers(out)?;
        return Ok(());
    }
    let occupied = out.exists()
        && fs::read_dir(out)
            .map_err(|e| atomic::io_error("read", out, &e))?
            .next()
            .is_some();
    if occupied {
        return Err(Error::config(format!("{} holds something else", out.display())).help("choose another folder"));
    }
    json::write(&file, options)
}

/// `person/image.ext`, without the ending of the original.
fn place(set: &dyn ImageSource, at: usize, format: Encoding) -> PathBuf {
    let ending = match format {
        Encoding::Png => "png",
        Encoding::Jpg => "jpg",
    };
    let label = set.label(at);
    let person = set.identity_name(label).unwrap_or_else(|| format!("{label:07}"));
    let name = set.file_name(at).map_or_else(
        || format!("{at:08}"),
        |name| name.rsplit_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned()),
    );
    Path::new(&safe(&person)).join(format!("{}.{ending}", safe(&name)))
}

/// A name that stays in its folder, whatever the set calls it.
fn safe(name: &str) -> String {
    let name = name.replace(['/', '\\', '\0'], "_");
    if name.is_empty() || name.starts_with('.') {
        format!("_{name}")
    } else {
        name
    }
}

/// Names without folder that stand for several images of the set.
fn ambiguous(set: &dyn ImageSource, table: &LandmarkTable) -> HashSet<String> {
    let (mut once, mut often) = (HashSet::new(), HashSet::new());
    for name in (0..set.len()).filter_map(|at| set.file_name(at)) {
        if table.get(&name).is_some() && !once.insert(name.clone()) {
            often.insert(name);
        }
    }
    often
}

fn landmarks(
    set: &dyn ImageSource,
    at: usize,
    table: Option<&LandmarkTable>,
    ambiguous: &HashSet<String>,
) -> Result<Points> {
    let Some(table) = table else {
        let own = set.landmarks(at);
        return own
            .map(|points| points.map(|p| p.map(f64::from)))
            .ok_or_else(|| Error::data("the set has no landmarks of it"));
    };
    let name = set.file_name(at).unwrap_or_else(|| at.to_string());
    let person = set
        .identity_name(set.label(at))
        .unwrap_or_else(|| set.label(at).to_string());
    if let Some(points) = table.get(&format!("{person}/{name}")) {
        return Ok(*points);
    }
    match table.get(&name) {
        Some(_) if ambiguous.contains(&name) => Err(Error::data(format!(
            "the landmarks of `{name}` could be those of several images: name them `person/{name}`"
        ))),
        Some(points) => Ok(*points),
        None => Err(Error::data(format!(
            "no landmarks of `{person}/{name}` nor of `{name}`"
        ))),
    }
}

fn align(
    set: &dyn ImageSource,
    at: usize,
    table: Option<&LandmarkTable>,
    ambiguous: &HashSet<String>,
    (template, height, width): &(Points, usize, usize),
    format: Encoding,
) -> Result<Vec<u8>> {
    let points = landmarks(set, at, table, ambiguous)?;
    let transform = Similarity::between(&points, template)?;
    let image = set.decode(at)?;
    // A face may reach over an edge of the image, but not lie outside.
    let inside = |[x, y]: &[f64; 2]| *x >= 0.0 && *y >= 0.0 && *x < image.width as f64 && *y < image.height as f64;
    if !points.iter().any(inside) {
        return Err(Error::data(format!(
            "all landmarks lie outside of the image, which is {}x{}",
            image.width, image.height
        )));
    }
    let Rgb { pixels, height, width } = warp(&image, &transform, *height, *width);
    match format {
        Encoding::Png => png::encode(&pixels, height, width, 3),
        Encoding::Jpg => {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, 95)
                .write_image(&pixels, width as u32, height as u32, ExtendedColorType::Rgb8)
                .map_err(|e| Error::wrap(ErrorKind::OTHER, "cannot make a JPEG", &e))?;
            Ok(bytes)
        }
    }
}

fn list_failures(out: &Path, failures: &[(String, String)]) -> Result<()> {
    let path = out.join(FAILURES);
    if failures.is_empty() {
        return match fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(atomic::io_error("remove", &path, &e)),
            _ => Ok(()),
        };
    }
    let mut text = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::wrap(ErrorKind::IO, format!("cannot write {}", path.display()), &e);
    text.write_record(["image", "reason"]).map_err(failed)?;
    for (name, why) in failures {
        text.write_record([name, why]).map_err(failed)?;
    }
    let bytes = text
        .into_inner()
        .map_err(|e| Error::io(format!("cannot write {}: {}", path.display(), e.error())))?;
    atomic::write_bytes(&path, &bytes)
}
