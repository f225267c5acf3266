//! Independent pieces of work on threads of our own.
//!
//! libtorch spreads each operation over its OpenMP threads, which wait for one another after each; some of oneDNN's kernels spin
//! meanwhile, so that any other busy process on the machine costs several times its share, and sums are split by the number of threads.
//! Pieces of a batch that are each computed by one thread, and put together in a fixed order, have neither fault.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use ficta_core::{Ctx, Result};

use crate::ComputeScope;

/// Does jobs 0 .. `count` on as many threads as `ctx` grants and gives the results to `fold` in the order of the jobs, on the calling thread.
///
/// `supply` makes what each thread needs for itself (tch's tensors can be sent to a thread but not shared between threads). Results depend
/// on the jobs alone, not on the number of threads.
///
/// # Errors
/// The first error by order of jobs among those that ended; cancellation.
pub fn in_order<S: Send, T: Send>(
    count: usize,
    ctx: &Ctx<'_>,
    supply: impl Fn() -> S,
    work: impl Fn(&S, usize) -> Result<T> + Sync,
    mut fold: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let threads = ctx.threads().min(count);
    if threads <= 1 {
        let _scope = ComputeScope::single_threaded();
        let supplied = supply();
        return (0..count).try_for_each(|job| {
            ctx.check_cancelled()?;
            fold(job, work(&supplied, job)?)
        });
    }
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        // Whatever ends the folding, an unwinding panic included, the others shall not go on for nothing.
        let _stop = StopOnDrop(&stop);
        for _ in 0..threads {
            let (sender, supplied, next, stop, work) = (sender.clone(), supply(), &next, &stop, &work);
            scope.spawn(move || {
                let _scope = ComputeScope::single_threaded();
                while !stop.load(Ordering::Relaxed) {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    if job >= count || sender.send((job, work(&supplied, job))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        while wanted < count {
            match receiver.recv_timeout(Duration::from_millis(200)) {
                Ok((job, result)) => drop(early.insert(job, result)),
                // All senders gone before the last result: a worker has panicked, which the scope passes on.
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            ctx.check_cancelled()?;
            while let Some(result) = early.remove(&wanted) {
                fold(wanted, result?)?;
                wanted += 1;
            }
        }
        Ok(())
    })
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
