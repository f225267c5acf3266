//! The threads of one call.

use ficta_core::{Ctx, Error, ErrorKind, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// As many threads as the host allows, for as long as the pool lives.
pub(crate) fn pool(ctx: &Ctx<'_>) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(ctx.threads())
        .thread_name(|i| format!("id-nms-{i}"))
        .build()
        .map_err(|e| Error::wrap(ErrorKind::BACKEND, format!("starting {} threads", ctx.threads()), &e))
}

/// Products of two numbers after which the host is asked whether to go on: about a tenth of a second.
const BLOCK_WORK: usize = 1 << 31;
/// Enough to feed several threads.
const SMALLEST_BLOCK: usize = 64;
/// Within a block candidates are compared one by one.
const LARGEST_BLOCK: usize = 256;

/// How many candidates to compare at once with `others` rows of `dim` numbers.
pub(crate) fn block(others: usize, dim: usize) -> usize {
    (BLOCK_WORK / (others * dim).max(1)).clamp(SMALLEST_BLOCK, LARGEST_BLOCK)
}
