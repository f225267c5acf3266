//! Threads for our own arithmetic on libtorch's tensors.
//!
//! libtorch's own threads are those of its OpenMP library, which a plugin cannot link: its name differs from build to build.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};

use crate::flush_to_zero;

/// Numbers of whole pixels, of `channels` each, that a thread takes at a time. Sums are over blocks, so that they are the same for any number of threads.
pub(crate) fn block(channels: usize) -> usize {
    const NUMBERS: usize = 1 << 15;
    NUMBERS.div_ceil(channels) * channels
}

/// Calls `work` for each of `items`: on the calling thread, or on `threads` others where that is more than one. Those are kept, asleep, while their number
/// stays the same; like libtorch's in a [`crate::ComputeScope`] they take denormals for zero.
pub(crate) fn for_each<T: Send>(threads: usize, items: impl Iterator<Item = T>, work: impl Fn(T) + Send + Sync) {
    // Without threads from the system, too, the work is done on this one.
    match (threads > 1).then(|| pool(threads)).flatten() {
        Some(pool) => {
            let items: Vec<T> = items.collect();
            pool.install(|| items.into_par_iter().for_each(work));
        }
        None => items.for_each(work),
    }
}

fn pool(threads: usize) -> Option<Arc<ThreadPool>> {
    static KEPT: Mutex<Option<Arc<ThreadPool>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.as_ref().is_none_or(|pool| pool.current_num_threads() != threads) {
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
}
