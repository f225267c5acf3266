//! A host that remembers what a component told it.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use abi_stable::std_types::{RResult, RStr};

use crate::{Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef};

/// One process on the CPU that records progress and log, and stops a component on request.
#[derive(Debug, Default)]
pub struct RecordingHost {
    seed: u64,
    threads: u32,
    cancel_after: Option<u64>,
    asked: AtomicU64,
    cancelled: AtomicBool,
    progress: Mutex<Vec<(u64, u64, String)>>,
    log: Mutex<Vec<(Level, String)>>,
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecordingHost {
    /// With this run seed and one thread; never cancels.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            threads: 1,
            ..Self::default()
        }
    }

    /// Grants so many threads.
    #[must_use]
    pub fn with_threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Cancels once the component has reported progress or asked for cancellation `times` times; 0 cancels at the first.
    #[must_use]
    pub fn cancel_after(mut self, times: u64) -> Self {
        self.cancel_after = Some(times);
        self
    }

    /// Every progress report so far: done, total, of what.
    pub fn progress_reports(&self) -> Vec<(u64, u64, String)> {
        unpoisoned(&self.progress).clone()
    }

    /// Every log line so far.
    pub fn log_lines(&self) -> Vec<(Level, String)> {
        unpoisoned(&self.log).clone()
    }

    /// How often the component has reported progress or asked for cancellation.
    pub fn looks(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    fn ask(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if self.cancel_after.is_some_and(|times| asked >= times) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl HostServices for RecordingHost {
    fn progress(&self, done: u64, total: u64, what: RStr<'_>) -> Control {
        unpoisoned(&self.progress).push((done, total, what.as_str().to_owned()));
        if self.ask() { Control::CANCEL } else { Control::CONTINUE }
    }
    fn cancelled(&self) -> bool {
        self.ask()
    }
    fn log(&self, level: Level, message: RStr<'_>) {
        unpoisoned(&self.log).push((level, message.as_str().to_owned()));
    }
    fn seed(&self) -> u64 {
        self.seed
    }
    fn threads(&self) -> u32 {
        self.threads
    }
    fn device(&self) -> Device {
        Device::CPU
    }
    fn rank(&self) -> u32 {
        0
    }
    fn world_size(&self) -> u32 {
        1
    }
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error> {
        NullHost::default().all_reduce(buffer, op)
    }
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error> {
        NullHost::default().all_gather(local, out)
    }
    fn broadcast(&self, buffer: TensorMut<'_>, root: u32) -> RResult<(), Error> {
        NullHost::default().broadcast(buffer, root)
    }
    fn barrier(&self) -> RResult<(), Error> {
        NullHost::default().barrier()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ctx, ErrorKind};

    #[test]
    fn reports_are_kept_and_cancellation_comes_in_time() {
        let host = RecordingHost::new(3).with_threads(2).cancel_after(2);
        let ctx = Ctx::new(&host);
        assert_eq!((ctx.seed(), ctx.threads()), (3, 2));
        ctx.warn("slow");
        ctx.progress(1, 4, "images").unwrap();
        ctx.check_cancelled().unwrap();
        assert_eq!(ctx.progress(2, 4, "images").unwrap_err().kind(), ErrorKind::CANCELLED);
        assert!(ctx.check_cancelled().is_err());
        assert_eq!(host.looks(), 4);
        assert_eq!(
            host.progress_reports(),
            [(1, 4, "images".to_owned()), (2, 4, "images".to_owned())]
        );
        assert_eq!(host.log_lines(), [(Level::WARN, "slow".to_owned())]);
    }
}
