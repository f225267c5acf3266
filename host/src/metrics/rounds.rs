//! Many small parts of one work, with progress.

use ficta_core::{Ctx, Result};
use rayon::prelude::*;

/// `of(i)` of each i below `n`, in order, on the current rayon pool. After every `round` of them progress is reported, in units of `what`.
///
/// # Errors
/// Cancellation.
pub(super) fn in_rounds<T: Send>(
    n: usize,
    round: usize,
    (ctx, what): (&Ctx<'_>, &str),
    of: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(n);
    for start in (0..n).step_by(round.max(1)) {
        let end = n.min(start.saturating_add(round.max(1)));
        out.par_extend((start..end).into_par_iter().map(&of));
        ctx.progress(end as u64, n as u64, what)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    };

    use super::*;
    use crate::run_host::RunHost;

    #[test]
    fn parts_stay_in_order_and_stop_when_told() {
        let host = |stop: bool| RunHost::new(0, 1, true, Arc::new(AtomicBool::new(stop)));
        let squares = in_rounds(10, 3, (&host(false).ctx(), "squares"), |i| i * i).unwrap();
        assert_eq!(squares, (0..10).map(|i| i * i).collect::<Vec<_>>());
        let done = AtomicUsize::new(0);
        let count = |_| done.fetch_add(1, Ordering::Relaxed);
        in_rounds(10, 3, (&host(true).ctx(), "squares"), count).unwrap_err();
        assert_eq!(done.into_inner(), 3, "the first round alone");
    }
}
