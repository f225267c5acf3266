//! Threads for our own arithmetic on libtorch's tensors.
//!
//! libtorch's own threads are those of its OpenMP library, which a plugin cannot link: its name differs from build to build.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::flush_to_zero;

/// Runs `work`, whose parallel iterators have `threads` threads. Those are kept while the number stays the same; like libtorch's in a
/// [`crate::ComputeScope`] they take denormals for zero.
pub(crate) fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    static KEPT: Mutex<Option<Arc<ThreadPool>>> = Mutex::new(None);
    let pool = {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|pool| pool.current_num_threads() != threads) {
            // Without threads from the system the work is done on rayon's, or on this one.
            *kept = ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|i| format!("libtorch-plugin-{i}"))
                .start_handler(|_| {
                    let _before = flush_to_zero::set();
                })
                .build()
                .ok()
                .map(Arc::new);
        }
        kept.clone()
    };
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
