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
    in_blocks(encoder, source, chosen, DECODED, host)
}

/// Raw features of all images of a set, which are small and of one size, in the calls that [`encode`] makes of such images in memory. Memory holds the
/// features and the images of a call.
///
/// # Errors
/// As for [`encode_source`].
pub fn encode_small(encoder: &mut dyn Encoder, source: &dyn ImageSource, host: &RunHost) -> Result<Matrix> {
    let all: Vec<usize> = (0..source.len()).collect();
    in_blocks(encoder, source, &all, CALL, host)
}

fn in_blocks(
    encoder: &mut dyn Encoder,
    source: &dyn ImageSource,
    chosen: &[usize],
    at_once: usize,
    host: &RunHost,
) -> Result<Matrix> {
    let (ctx, dim) = (host.ctx(), encoder.info().dim);
    let mut features = Matrix::zeros(chosen.len(), dim);
    let mut done = 0;
    ctx.progress(0, chosen.len() as u64, "images")?;
    for block in chosen.chunks(at_once) {
        let images: Vec<Result<Rgb>> = block.par_iter().map(|i| source.decode(*i)).collect();
        // In order, so that the first bad image is the one that is named.
        let images: Vec<Rgb> = images.into_iter().collect::<Result<_>>()?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ficta_core::EncoderInfo;

    use super::*;
    use crate::pipeline::arm_images::{ArmImages, Generated};

    /// Gives the first byte of an image and the length of the call.
    struct Told;

    impl Encoder for Told {
        fn info(&self) -> EncoderInfo {
            EncoderInfo {
                dim: 2,
                height: 1,
                width: 1,
                description: "told".into(),
            }
        }

        fn encode(&mut self, images: TensorRef<'_>, mut features: TensorMut<'_>, _: &Ctx<'_>) -> Result<()> {
            let count = images.shape()[0];
            let pixels = images.as_slice::<u8>()?;
            for (row, image) in features
                .as_mut_slice::<f32>()?
                .chunks_exact_mut(2)
                .zip(pixels.chunks_exact(3))
            {
                row.copy_from_slice(&[f32::from(image[0]), count as f32]);
            }
            Ok(())
        }
    }

    #[test]
    fn images_that_are_read_as_they_go_are_handed_over_as_those_in_memory() {
        let host = RunHost::new(1, 1, true, Arc::default());
        let n = 2 * CALL + 7;
        let images = Images {
            pixels: (0..3 * n).map(|i| (i / 3 % 251) as u8).collect::<Vec<_>>().into(),
            labels: (0..n as i64).collect(),
            height: 1,
            width: 1,
        };
        let held = encode(&mut Told, &images, &host.ctx()).unwrap();
        let read = ArmImages::new(images, Generated::default()).unwrap();
        assert_eq!(encode_small(&mut Told, &read, &host).unwrap(), held);
        assert_eq!(
            (held.row(CALL), held.row(n - 1)),
            (&[20.0, 1024.0][..], &[(n - 1) as f32 % 251.0, 7.0][..])
        );
    }
}
