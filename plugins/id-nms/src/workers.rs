//! The threads of one call, and how much they are given at once.

use ficta_core::{Ctx, Error, ErrorKind, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::kernel::QUERIES;

/// As many threads as the host allows, for as long as the pool lives.
pub(crate) fn pool(ctx: &Ctx<'_>) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(ctx.threads())
        .thread_name(|i| format!("id-nms-{i}"))
        .build()
        .map_err(|e| Error::wrap(ErrorKind::BACKEND, format!("starting {} threads", ctx.threads()), &e))
}

/// Products of two numbers after which the host is asked whether to go on: a few tenths of a second for one thread.
const BLOCK_WORK: usize = 1 << 36;
/// Enough to feed several threads.
const SMALLEST_BLOCK: usize = 256;
const LARGEST_BLOCK: usize = 4096;

/// How many candidates to look at before the host is asked again, each of them compared with `others` rows of `dim` numbers. Within a
/// block all are compared with all, so it is kept small beside the others.
pub(crate) fn block(others: usize, dim: usize) -> usize {
    let largest = (others / 4).clamp(SMALLEST_BLOCK, LARGEST_BLOCK);
    (BLOCK_WORK / (others * dim).max(1)).clamp(SMALLEST_BLOCK, largest)
}

/// [`block`] for work that takes about a microsecond a candidate.
pub(crate) fn quick_block() -> usize {
    LARGEST_BLOCK
}

/// Of a block of `count`, how many one task takes.
pub(crate) fn task(count: usize, pool: &ThreadPool) -> usize {
    let fair = count.div_ceil(2 * pool.current_num_threads());
    fair.next_multiple_of(QUERIES).clamp(QUERIES, 20 * QUERIES)
}
