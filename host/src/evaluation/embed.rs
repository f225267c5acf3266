//! Embeddings of all images of a set and of their mirror images.

use ficta_core::{Error, Result};
use rayon::prelude::*;

use super::{network::Network, set::SetImages};
use crate::{
    data::{Rgb, decode},
    pipeline::matrix::Matrix,
    run_host::RunHost,
};

/// Images decoded at once.
const BLOCK: usize = 256;

/// Raw embeddings, `[N,d]` each.
pub struct Embedded {
    /// Of the images as they are.
    pub image: Matrix,
    /// Of their mirror images.
    pub mirrored: Matrix,
    /// How many images were scaled to the size that the network wants.
    pub scaled: usize,
}

/// Embeds every image of a set and its mirror image. Memory holds a block of images and the embeddings.
///
/// # Errors
/// An image that cannot be read or decoded, with its place; one of another shape (width to height) than the network wants; the network's own;
/// cancellation.
pub fn embed(network: &mut Network, images: &dyn SetImages, host: &RunHost) -> Result<Embedded> {
    let (n, dim, ctx) = (images.len(), network.dim(), host.ctx());
    let mut out = Embedded {
        image: Matrix::zeros(n, dim),
        mirrored: Matrix::zeros(n, dim),
        scaled: 0,
    };
    let size = network.size();
    for start in (0..n).step_by(BLOCK) {
        let block: Vec<Result<(Rgb, bool)>> = (start..n.min(start + BLOCK))
            .into_par_iter()
            .map(|at| {
                fitted(
                    decode::rgb(&images.bytes(at)?, &images.place(at))?,
                    size,
                    &images.place(at),
                )
            })
            .collect();
        let block = block.into_iter().collect::<Result<Vec<_>>>()?;
        out.scaled += block.iter().filter(|(_, scaled)| *scaled).count();
        let block: Vec<Rgb> = block.into_iter().map(|(image, _)| image).collect();
        let mut at = start;
        for run in block.chunk_by(|a, b| (a.height, a.width) == (b.height, b.width)) {
            let mirrored: Vec<Rgb> = run.iter().map(Rgb::mirrored).collect();
            for (faces, features) in [(run, &mut out.image), (&mirrored[..], &mut out.mirrored)] {
                let embedded = host
                    .uncounted(|| network.embed(faces, &ctx))
                    .map_err(|e| e.context(format!("images {at} to {} ({})", at + run.len() - 1, images.place(at))))?;
                features.data[at * dim..][..embedded.len()].copy_from_slice(&embedded);
            }
            at += run.len();
        }
        ctx.progress(at as u64, n as u64, "images")?;
    }
    Ok(out)
}

/// The image at the size wanted, and whether it had to be scaled.
fn fitted(image: Rgb, size: Option<(usize, usize)>, place: &str) -> Result<(Rgb, bool)> {
    match size {
        Some((height, width)) if (image.height, image.width) != (height, width) => {
            if image.height * width != image.width * height {
                return Err(Error::data(format!(
                    "{place} is {}x{}, but the network takes {width}x{height}",
                    image.width, image.height
                ))
                .help("align the images first: `ficta data align`"));
            }
            Ok((image.resized(height, width), true))
        }
        _ => Ok((image, false)),
    }
}
