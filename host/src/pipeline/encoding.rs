//! Images through an encoder.

use ficta_core::{Ctx, Encoder, Error, Result, TensorMut, TensorRef};
use rayon::prelude::*;

use super::{images::Images, matrix::Matrix};
use crate::{
    data::{ImageSource, Rgb},
    run_host::RunHost,
};

/// Images handed to the encoder in one call.
const CALL: usize = 1024;
/// Images decoded at once.
const DECODED: usize = 256;

/// Raw features of images of one size.
///
/// # Errors
/// The encoder's; features that are not finite, with the image.
pub fn encode(encoder: &mut dyn Encoder, images: &Images, ctx: &Ctx<'_>) -> Result<Matrix> {
    let dim = encoder.info().dim;
    let mut features = Matrix::zeros(images.len(), dim);
    let view = images.view()?;
    for start in (0..images.len()).step_by(CALL) {
        let count = CALL.min(images.len() - start);
        let out = &mut features.data[start * dim..][..count * dim];
        some(encoder, view.rows(start, count)?, out, dim, ctx, |i| {
            format!("image {}", start + i)
        })?;
    }
    Ok(features)
}

/// Raw features of the chosen images of a set, of any sizes, in the order given. Images are decoded as they are needed: memory holds the
/// features and a few hundred images.
///
/// # Errors
/// The first image that is not sound; the encoder's; features that are not finite, with the image.
pub fn encode_source(
    encoder: &mut dyn Encoder,
    source: &dyn ImageSource,
    chosen: &[usize],
    host: &RunHost,
) -> Result<Matrix> {
    let (ctx, dim) = (host.ctx(), encoder.info().dim);
    let mut features = Matrix::zeros(chosen.len(), dim);
    let mut done = 0;
    ctx.progress(0, chosen.len() as u64, "images")?;
    for block in chosen.chunks(DECODED) {
        let images: Vec<Rgb> = block.par_iter().map(|i| source.decode(*i)).collect::<Result<_>>()?;
        let same_size = |a: &Rgb, b: &Rgb| (a.height, a.width) == (b.height, b.width);
        for group in images.chunk_by(same_size) {
            let (height, width) = (group[0].height, group[0].width);
            let pixels: Vec<u8> = group.iter().flat_map(|image| &image.pixels).copied().collect();
            let view = TensorRef::new(&pixels, &[group.len(), height, width, 3])?;
            let out = &mut features.data[done * dim..][..group.len() * dim];
            let name = |i: usize| source.name(chosen[done + i]);
            host.uncounted(|| some(encoder, view, out, dim, &ctx, name))?;
            done += group.len();
            ctx.progress(done as u64, chosen.len() as u64, "images")?;
        }
    }
    Ok(features)
}

/// One call of the encoder; `name` names an image of it.
fn some(
    encoder: &mut dyn Encoder,
    images: TensorRef<'_>,
    out: &mut [f32],
    dim: usize,
    ctx: &Ctx<'_>,
    name: impl Fn(usize) -> String,
) -> Result<()> {
    let count = out.len() / dim.max(1);
    encoder.encode(images, TensorMut::new(out, &[count, dim])?, ctx)?;
    match out.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Error::data(format!(
            "the encoder gave {} in the feature of {}",
            out[at],
            name(at / dim)
        ))
        .help("look at that image; mend or leave out the encoder")),
    }
}
