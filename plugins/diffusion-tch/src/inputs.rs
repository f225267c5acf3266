//! Checks of what comes in.

use ficta_core::{DType, Error, Result, TensorRef};

use crate::Params;

/// Images f32 `[B,C,R,R]` with B at least 1; returns B.
pub(crate) fn images(what: &str, images: &TensorRef<'_>, params: &Params) -> Result<usize> {
    let [batch, ..] = images.dims::<4>(what)?;
    images
        .expect_shape(what, &[batch, params.channels, params.resolution, params.resolution])
        .map_err(|e| {
            e.help("scale the images, or set `resolution` and `channels` of the denoiser to those of the data")
        })?;
    expect_type(what, images, DType::F32)?;
    if batch == 0 {
        return Err(Error::shape(format!("{what}: an empty batch")));
    }
    Ok(batch)
}

/// Conditions f32 `[B,d]`, finite.
pub(crate) fn conditions(conditions: &TensorRef<'_>, batch: usize, dim: usize) -> Result<()> {
    conditions.expect_shape("condition", &[batch, dim])?;
    let values = conditions.as_slice::<f32>()?;
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Error::data(format!(
            "condition of row {} is not finite: {}",
            at / dim,
            values[at]
        ))),
    }
}

/// Timesteps i64 `[B]` in 0..T.
pub(crate) fn timesteps<'a>(t: &'a TensorRef<'_>, batch: usize, steps: usize) -> Result<&'a [i64]> {
    t.expect_shape("t", &[batch])?;
    let t = t.as_slice::<i64>()?;
    match t.iter().position(|t| !(0..steps as i64).contains(t)) {
        None => Ok(t),
        Some(row) => Err(Error::data(format!(
            "t of row {row} is {}, expected 0 to {}",
            t[row],
            steps - 1
        ))),
    }
}

fn expect_type(what: &str, tensor: &TensorRef<'_>, dtype: DType) -> Result<()> {
    if tensor.dtype() == dtype {
        return Ok(());
    }
    Err(Error::shape(format!(
        "{what}: expected {dtype:?}, got {:?}",
        tensor.dtype()
    )))
}
