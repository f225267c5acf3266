//! Ctrl-C in commands that can be repeated.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ficta_core::{Error, Result};

/// A flag that the first Ctrl-C sets; the second ends the process at once.
///
/// # Errors
/// A handler is there already.
pub fn flag() -> Result<Arc<AtomicBool>> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let set = cancelled.clone();
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            crate::crash_notice::exit(3);
        }
        eprintln!("stopping (Ctrl-C once more ends it at once)");
    })
    .map_err(|e| Error::io(format!("Ctrl-C cannot be handled: {e}")))?;
    Ok(cancelled)
}
