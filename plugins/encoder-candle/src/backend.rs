//! Candle's errors as ours.

use ficta_core::{Error, ErrorKind, Result};

/// Puts what was being done before candle's own message.
pub fn backend<T>(doing: &str, result: candle_core::Result<T>) -> Result<T> {
    result.map_err(|e| Error::wrap(ErrorKind::BACKEND, format!("candle failed at {doing}"), &e))
}
