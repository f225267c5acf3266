//! Embeddings in evaluation mode.

use ficta_core::{Ctx, Error, Result, TensorMut, TensorRef};
use ficta_tch_bridge::{Borrowed, OrBackend, TchResult, channels_last, in_order, write_out};
use tch::{Device, Kind, Tensor};

use crate::{
    layout::{Layout, Mode},
    model::Model,
    recipe::Recipe,
    train_step::check_images,
};

/// Raw embeddings of `images` f32 `[B,C,H,W]` into `out` f32 `[B,d]`.
///
/// libtorch picks its algorithms by the batch's size and the number of threads, and they differ in the last bit. Here every piece of work has
/// the same size and one thread, so that a row depends on its image alone.
pub fn embed(
    model: &Model,
    recipe: &Recipe,
    layout: &dyn Layout,
    images: TensorRef<'_>,
    mut out: TensorMut<'_>,
    ctx: &Ctx<'_>,
) -> Result<()> {
    let dim = layout.size().dim;
    let total = check_images(images, layout)?;
    out.expect_shape("embeddings", &[total, dim])?;
    let device = model.device();
    let compute = recipe.embed_precision.compute_kind(device);
    let size = recipe.micro_batch;
    let network = &*model.network;
    let weights = || model.for_use().iter().map(Tensor::shallow_clone).collect::<Vec<_>>();
    let piece = |weights: &Vec<Tensor>, index: usize| {
        let start = index * size;
        let count = size.min(total - start);
        let input = padded(images.rows(start, count)?, size, compute, device)?;
        let mode = Mode {
            training: false,
            track: false,
            compute,
            dropout: None,
        };
        tch::no_grad(|| network.forward(weights, &input, &mode)?.f_narrow(0, 0, count as i64))
            .or_backend("computing embeddings")
    };
    in_order(total.div_ceil(size), ctx, weights, piece, |index, embeddings| {
        let (start, count) = (index * size, embeddings.size()[0] as usize);
        let mut rows = out.rows_mut(start, count)?;
        write_out(&embeddings, &mut rows)?;
        check_finite(rows.as_slice::<f32>()?, dim, start)?;
        ctx.progress((start + count) as u64, total as u64, "images")
    })
}

/// `images` and zeros after them, `size` in all.
fn padded(images: TensorRef<'_>, size: usize, kind: Kind, device: Device) -> Result<Tensor> {
    let [count, c, h, w] = images.dims::<4>("images")?;
    let source = Borrowed::new(images)?;
    if count == size {
        return source.channels_last(kind, device);
    }
    let shape = [size, c, h, w].map(|d| d as i64);
    tch::no_grad(|| -> TchResult {
        let mut all = channels_last::empty(shape, kind, device)?;
        let _ = all.f_zero_()?;
        // SAFETY: copied from at once; the copy shares no memory with the alias.
        all.f_narrow(0, 0, count as i64)?.f_copy_(unsafe { source.tensor() })?;
        Ok(all)
    })
    .or_backend("padding a batch")
}

fn check_finite(embeddings: &[f32], dim: usize, start: usize) -> Result<()> {
    match embeddings.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(
            Error::data(format!("the embedding of image {} is not finite", start + at / dim))
                .help("look for pixels that are not finite, or for weights of a training that diverged"),
        ),
    }
}
