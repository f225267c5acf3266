//! libtorch's errors as ficta's.

use ficta_core::{Error, ErrorKind, Result};
use tch::{TchError, Tensor};

/// `Result` with tch's error: what network code returns, so that `?` works on tch's `f_` functions.
pub type TchResult<T = Tensor> = std::result::Result<T, TchError>;

/// Turns tch's errors into ficta's at the edge of a plugin.
pub trait OrBackend<T> {
    /// The value, or an [`ErrorKind::BACKEND`] error that says what was being done.
    ///
    /// # Errors
    /// libtorch's, under the message `doing` and without its C++ backtrace.
    fn or_backend(self, doing: &str) -> Result<T>;
}

impl<T> OrBackend<T> for TchResult<T> {
    fn or_backend(self, doing: &str) -> Result<T> {
        self.map_err(|e| {
            let text = e.to_string();
            // libtorch appends "Exception raised from ..." and the C++ frames.
            let message = text.split("\nException raised from").next().unwrap_or(&text).trim();
            Error::new(ErrorKind::BACKEND, format!("libtorch failed while {doing}: {message}"))
        })
    }
}
