//! The threads that the host allows.

use ficta_core::{Error, ErrorKind, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A thread pool that is kept while the number of threads stays the same.
#[derive(Debug, Default)]
pub struct Workers(Option<ThreadPool>);

impl Workers {
    /// A pool of exactly `threads` threads.
    ///
    /// # Errors
    /// `OTHER` where the system gives no more threads.
    pub fn of(&mut self, threads: usize) -> Result<&ThreadPool> {
        let kept = self.0.take().filter(|pool| pool.current_num_threads() == threads);
        let pool = match kept {
            Some(pool) => pool,
            None => ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|i| format!("encoder-{i}"))
                .build()
                .map_err(|e| Error::wrap(ErrorKind::OTHER, format!("cannot start {threads} threads"), &e))?,
        };
        Ok(self.0.insert(pool))
    }
}
