//! The thread budget of the process.

use ficta_core::{Error, Result};

/// Has the host's own work (decoding, hashing, comparing) keep to `threads`, 0 for all cores, as components are asked to by their context; returns how many
/// that is. A command line runs one command, and so this is called once, before anything works.
///
/// # Errors
/// Threads that cannot be started.
pub fn keep_to(threads: usize) -> Result<usize> {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        given => given,
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|e| Error::backend(format!("starting {threads} threads: {e}")))?;
    Ok(threads)
}
