//! data: the real faces at two sizes, in two parts that share no person.

use ficta_core::{Result, random::derive_seed};
use rayon::prelude::*;
use serde_json::json;

use super::report::People;
use crate::{
    config::RunConfig,
    data::{ImageFolder, Prepared, prepare::prepare, split::split},
    pipeline::{Place, Stage},
    storage::{Tensors, hash, json as json_file},
};

/// Names and counts.
pub const PEOPLE: &str = "people.json";

pub fn stage(config: &RunConfig) -> Result<Stage> {
    let settings = config.data.clone();
    settings.check()?;
    let source = ImageFolder::read(&settings.path, settings.min_images)?;
    let mut params = json!(settings);
    if let Some(params) = params.as_object_mut() {
        // The content, not the place: a moved data set is the same data set.
        params.remove("path");
        params.insert("content".into(), json!(content(&source)?));
    }
    let work = move |place: &Place<'_>| {
        let people = split(
            source.identities.len(),
            settings.held_out,
            derive_seed(place.seed, "data.split", 0, 0),
        )?;
        let names = |rows: &[usize]| {
            rows.iter()
                .map(|i| source.identities[*i].name.clone())
                .collect::<Vec<_>>()
        };
        let ctx = place.ctx();
        let mut counts = Vec::new();
        for (part, rows) in [("learn", &people.learn), ("held-out", &people.held_out)] {
            let (paths, labels) = source.images_of(rows);
            let total = paths.len() as u64;
            let prepared = prepare(&paths, &settings, |done| ctx.progress(done as u64, total, "images"))?;
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
    Ok(Stage::new("data", Vec::new(), params, Box::new(work)))
}

/// Hash of every image, by person.
fn content(source: &ImageFolder) -> Result<String> {
    let people: Vec<_> = source
        .identities
        .par_iter()
        .map(|person| {
            let images: Vec<_> = person
                .images
                .iter()
                .map(|path| hash::of_file(path))
                .collect::<Result<_>>()?;
            Ok(json!([person.name, images]))
        })
        .collect::<Result<_>>()?;
    Ok(hash::of_bytes(json!(people).to_string().as_bytes()))
}

fn tensors(p: Prepared, labels: Vec<i64>) -> Result<Tensors> {
    let mut tensors = Tensors::new();
    tensors.insert("full", &[p.count, p.full_height, p.full_width, 3], p.full)?;
    tensors.insert("small", &[p.count, p.size, p.size, 3], p.small)?;
    tensors.insert("label", &[labels.len()], labels)?;
    Ok(tensors)
}
