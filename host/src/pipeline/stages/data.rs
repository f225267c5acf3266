//! data: the real faces at two sizes, in two parts that share no person.

use std::path::Path;

use ficta_core::{Error, Result, random::derive_seed};
use rayon::prelude::*;
use serde_json::json;

use super::report::People;
use crate::{
    config::RunConfig,
    data::{self, DataConfig, ImageSource, Prepared, prepare::prepare, source, split::split, writer::Origin},
    pipeline::{Place, Stage},
    storage::{hash, json as json_file, row_tensors::RowTensors},
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
            let progress = |done| ctx.progress(done as u64, total, "images");
            let file = place.dir.join(format!("{part}.safetensors"));
            write(&file, &*source, (&images, &labels), &settings, progress)?;
            counts.push(images.len());
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

/// Writes these images of a set at both sizes, with their labels: `full` and `small` u8 `[N,H,W,3]`, `label` i64 `[N]`. A block of them is held.
fn write(
    path: &Path,
    source: &dyn ImageSource,
    (images, labels): (&[usize], &[i64]),
    settings: &DataConfig,
    progress: impl FnMut(usize) -> Result<()>,
) -> Result<()> {
    RowTensors::write(path, |file| {
        let small = [settings.size, settings.size, 3];
        if images.is_empty() {
            return file.begin(labels, &[("full", &[0, 0, 3]), ("small", &small)]);
        }
        let mut done = 0;
        let put = |image: Prepared| {
            if done == 0 {
                let full = [image.full.height, image.full.width, 3];
                file.begin(labels, &[("full", &full), ("small", &small)])?;
            }
            file.put("full", done, &image.full.pixels)?;
            file.put("small", done, &image.small.pixels)?;
            done += 1;
            Ok(())
        };
        prepare(source, images, settings, put, progress)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{png, source::FolderSource},
        storage::Tensors,
    };

    #[test]
    fn both_sizes_lie_in_one_file_with_the_labels() {
        let folder = tempfile::tempdir().unwrap();
        let grey = |i: u8| [10 * i; 4 * 4 * 3];
        for i in 0..3 {
            png::write(&folder.path().join(format!("faces/p/{i}.png")), &grey(i), 4, 4, 3).unwrap();
        }
        let source = FolderSource::open(&folder.path().join("faces")).unwrap();
        let settings = DataConfig {
            size: 2,
            ..DataConfig::at(folder.path())
        };
        let path = folder.path().join("learn.safetensors");
        let of = |images: &[usize], labels: &[i64]| {
            write(&path, &source, (images, labels), &settings, |_| Ok(())).unwrap();
            Tensors::read(&path).unwrap()
        };
        let file = of(&[2, 1], &[5, 4]);
        let (full, shape) = file.get::<u8, 4>("full").unwrap();
        assert_eq!((full, shape), (&[grey(2), grey(1)].concat()[..], [2, 4, 4, 3]));
        let (small, shape) = file.get::<u8, 4>("small").unwrap();
        assert_eq!((small, shape), (&[[20; 12], [10; 12]].concat()[..], [2, 2, 2, 3]));
        assert_eq!(file.get::<i64, 1>("label").unwrap().0, [5, 4]);
        // Nobody is held out.
        let file = of(&[], &[]);
        assert_eq!(file.get::<u8, 4>("full").unwrap().1, [0, 0, 0, 3]);
        assert_eq!(file.get::<u8, 4>("small").unwrap().1, [0, 2, 2, 3]);
    }
}
