//! Bounds on parameters.

use ficta_core::{Error, Result};

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
