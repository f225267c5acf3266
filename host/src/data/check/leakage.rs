//! Images of one set that are in another.

use std::collections::HashMap;

use ficta_core::{Encoder, Error, Result, TensorMut, TensorRef};
use rayon::prelude::*;

use super::{Chosen, Finding, Kind, Look, NearIndex};
use crate::{
    data::{Rgb, source::ImageSource},
    pipeline::matrix::Matrix,
    run_host::RunHost,
    similarity::{Neighbour, top_k},
};

/// Images of `source` with the same bytes as, or nearly the same picture as, an image of `against`. All of both were looked at.
pub fn by_bytes_and_sight(
    source: &dyn ImageSource,
    chosen: Chosen,
    looks: &[Look],
    against: &dyn ImageSource,
    others: &[Look],
) -> Vec<Finding> {
    let mut same: HashMap<[u8; 16], usize> = HashMap::new();
    let mut near = NearIndex::default();
    for (index, look) in others.iter().enumerate().filter(|(_, l)| l.fault.is_none()) {
        if same.insert(look.hash, index).is_none() {
            near.insert(look.sight, index as u32);
        }
    }
    let one = |at: usize, look: &Look| {
        let index = chosen.index(at);
        let found = |kind, other: usize, detail: String| Finding {
            other: Some(against.name(other)),
            ..Finding::on(source, kind, index, detail)
        };
        if let Some(other) = same.get(&look.hash) {
            return Some(found(Kind::Leak, *other, "the same bytes are in the other set".into()));
        }
        let (other, bits) = near.nearest(look.sight)?;
        Some(found(
            Kind::NearLeak,
            other as usize,
            format!("{bits} of 128 bits from an image of the other set"),
        ))
    };
    let sound = looks.iter().enumerate().filter(|(_, l)| l.fault.is_none());
    sound.filter_map(|(at, look)| one(at, look)).collect()
}

/// Images that an encoder is given in one call.
const CALL: usize = 64;

/// Unit features of the images that can be decoded, with their indices, each at the encoder's size.
fn features(source: &dyn ImageSource, encoder: &mut dyn Encoder, host: &RunHost) -> Result<(Vec<usize>, Matrix)> {
    let (info, ctx) = (encoder.info(), host.ctx());
    let (mut indices, mut all) = (Vec::new(), Vec::new());
    for start in (0..source.len()).step_by(CALL) {
        let images: Vec<(usize, Rgb)> = (start..source.len().min(start + CALL))
            .into_par_iter()
            .filter_map(|i| Some((i, source.decode(i).ok()?.resized(info.height, info.width))))
            .collect();
        let pixels: Vec<u8> = images
            .iter()
            .flat_map(|(_, image)| image.pixels.iter().copied())
            .collect();
        let mut out = vec![0f32; images.len() * info.dim];
        if !images.is_empty() {
            let view = TensorRef::new(&pixels, &[images.len(), info.height, info.width, 3])?;
            let room = TensorMut::new(&mut out, &[images.len(), info.dim])?;
            host.uncounted(|| encoder.encode(view, room, &ctx))?;
        }
        indices.extend(images.iter().map(|(i, _)| *i));
        all.extend(out);
        ctx.progress(
            (start + CALL).min(source.len()) as u64,
            source.len() as u64,
            "images encoded",
        )?;
    }
    let rows = indices.len();
    let matrix = Matrix::new(all, rows, info.dim)?.normalised("feature")?;
    Ok((indices, matrix))
}

/// Images of `source` whose feature has a cosine of `threshold` or more with that of an image of `against`; the nearest is named.
///
/// # Errors
/// The encoder's; cancellation.
pub fn by_cosine(
    source: &dyn ImageSource,
    against: &dyn ImageSource,
    encoder: &mut dyn Encoder,
    threshold: f64,
    host: &RunHost,
) -> Result<Vec<Finding>> {
    if !(-1.0..=1.0).contains(&threshold) {
        return Err(Error::config(format!(
            "the cosine threshold is {threshold}, expected -1 to 1"
        )));
    }
    let (indices, own) = features(source, encoder, host)?;
    let (others, their) = features(against, encoder, host)?;
    let ctx = host.ctx();
    let nearest = top_k(
        &own,
        &their,
        1,
        |_, _| false,
        |done| ctx.progress(done as u64, own.rows as u64, "images compared"),
    )?;
    let leak = |(row, best): (usize, &Vec<Neighbour>)| {
        let near = best.first().filter(|near| near.cosine >= threshold)?;
        let detail = format!("cosine {:.4} with an image of the other set", near.cosine);
        Some(Finding {
            other: Some(against.name(others[near.row])),
            ..Finding::on(source, Kind::CosineLeak, indices[row], detail)
        })
    };
    Ok(nearest.iter().enumerate().filter_map(leak).collect())
}
