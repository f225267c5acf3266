//! Checks of what comes in.

use ficta_core::{Error, Result, TensorRef};

use crate::Params;

/// Images f32 `[B,C,R,R]`, finite, with B at least 1; returns B.
pub(crate) fn images(what: &str, images: &TensorRef<'_>, params: &Params) -> Result<usize> {
    let [batch, ..] = images.dims::<4>(what)?;
    images
        .expect_shape(what, &[batch, params.channels, params.resolution, params.resolution])
        .map_err(|e| {
            e.help("scale the images, or set `resolution` and `channels` of the denoiser to those of the data")
        })?;
    if batch == 0 {
        return Err(Error::shape(format!("{what}: an empty batch")));
    }
    let values = images.as_slice::<f32>()?;
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        let row = at / (values.len() / batch);
        return Err(Error::data(format!(
            "{what} of row {row} is not finite: {}",
            values[at]
        )));
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
