//! data: the real faces at two sizes, in two parts that share no person.

use ficta_core::{Error, Result, random::derive_seed};
use rayon::prelude::*;
use serde_json::json;

use super::report::People;
use crate::{
    config::RunConfig,
    data::{self, ImageSource, Prepared, prepare::prepare, source, split::split, writer::Origin},
    pipeline::{Place, Stage},
    storage::{Tensors, hash, json as json_file},
};

/// Names and counts.
pub const PEOPLE: &str = "people.json";

/// The stage, and what is known of the set.
pub fn stage(config: &RunConfig) -> Result<(Stage, Origin)> {
    let settings = config.data.clone();
    settings.check()?;
    let source = source::open(&settings.path).map_err(|e| match settings.path.exists() {
        true => e,
        false => e.help("check data.path; a relative path starts at the folder the command runs in"),
    })?;
    let origin = Origin::of(&settings.path, &*source);
    let all = data::People::of(&*source)?;
    all.check_counts(settings.min_images)?;
    let mut params = json!(settings);
    if let Some(params) = params.as_object_mut() {
        // The content, not the place: a moved data set is the same data set.
        params.remove("path");
        params.insert("content".into(), json!(content(&*source, &all)?));
    }
    let work = move |place: &Place<'_>| {
        let people = split(
            all.len(),
            settings.held_out,
            derive_seed(place.seed, "data.split", 0, 0),
        )?;
        let names = |rows: &[usize]| rows.iter().map(|i| all.name(*i).to_owned()).collect::<Vec<_>>();
        let ctx = place.ctx();
        let mut counts = Vec::new();
        for (part, rows) in [("learn", &people.learn), ("held-out", &people.held_out)] {
            let (images, labels) = all.images_of(rows);
            let total = images.len() as u64;
            let prepared = prepare(&*source, &images, &settings, |done| {
                ctx.progress(done as u64, total, "images")
            })?;
            counts.push(prepared.count);
            tensors(prepared, labels)?.write(&place.dir.join(format!("{part}.safetensors")))?;
        }
        json_file::write(
            &place.dir.join(PEOPLE),
            &People {
                learn: names(&people.learn),
                held_out: names(&people.held_out),
                learn_images: counts[0],
                held_out_images: counts[1],
            },
        )
    };
    Ok((Stage::new("data", Vec::new(), params, Box::new(work)), origin))
}

/// Hash of every image, by person.
fn content(source: &dyn ImageSource, people: &data::People) -> Result<String> {
    let image = |index: &u32| {
        let bytes = source.bytes(*index as usize)?;
        if bytes.is_empty() {
            let error = Error::data(format!("{} is empty (0 bytes)", source.name(*index as usize)));
            return Err(error.help("copy the image again, or remove the file"));
        }
        Ok(hash::of_bytes(&bytes))
    };
    let all: Vec<_> = (0..people.len())
        .into_par_iter()
        .map(|person| {
            let images: Vec<_> = people.images(person).iter().map(image).collect::<Result<_>>()?;
            Ok(json!([people.name(person), images]))
        })
        .collect::<Result<_>>()?;
    Ok(hash::of_bytes(json!(all).to_string().as_bytes()))
}

fn tensors(p: Prepared, labels: Vec<i64>) -> Result<Tensors> {
    let mut tensors = Tensors::new();
    tensors.insert("full", &[p.count, p.full_height, p.full_width, 3], p.full)?;
    tensors.insert("small", &[p.count, p.size, p.size, 3], p.small)?;
    tensors.insert("label", &[labels.len()], labels)?;
    Ok(tensors)
}
