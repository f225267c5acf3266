//! Bounds on parameters.

use ficta_core::{Error, LossInput, Result, softmax::Scale};

/// Accepts a scale s > 0.
pub(crate) fn scale(scale: f64) -> Result<()> {
    if scale > 0.0 && (scale as f32).is_finite() {
        return Ok(());
    }
    Err(Error::config(format!("scale: expected a number above 0, got {scale}")).help("64 is the usual value"))
}

/// Accepts a margin in 0 <= m < `end`.
pub(crate) fn margin(margin: f64, end: f64, usual: &str) -> Result<()> {
    if (0.0..end).contains(&margin) {
        return Ok(());
    }
    Err(Error::config(format!("margin: expected 0 <= margin < {end}, got {margin}")).help(format!("usual: {usual}")))
}

/// Accepts a number in `low` ..= `high`.
pub(crate) fn within(key: &str, value: f64, low: f64, high: f64, usual: &str) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::config(format!("{key}: expected {low} to {high}, got {value}")).help(format!("usual: {usual}")))
}

/// Accepts a scale s > 0, or none for the embedding's norm.
pub(crate) fn scale_or_norm(given: Option<f64>) -> Result<Scale> {
    match given {
        None => Ok(Scale::Norm),
        Some(s) => scale(s).map(|()| Scale::Fixed(s as f32)),
    }
}

/// The first norm that is no number of at least 0, with its row.
pub(crate) fn first_bad_norm(input: &LossInput<'_>) -> Result<Option<(usize, f32)>> {
    let norms = input.norms.as_slice::<f32>()?;
    Ok(norms
        .iter()
        .enumerate()
        .find(|(_, n)| !(n.is_finite() && **n >= 0.0))
        .map(|(row, n)| (row, *n)))
}

/// What to say of it.
pub(crate) fn bad_norm(row: usize, norm: f32) -> Error {
    Error::data(format!("the embedding norm of row {row} is {norm}"))
        .help("the embeddings have diverged: lower the learning rate")
}
