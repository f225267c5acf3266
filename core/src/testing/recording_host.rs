//! A host that remembers what a component told it.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use abi_stable::std_types::{RResult, RStr};

use crate::{
    Control, Device, Error, HostServices, Level, NullHost, ReduceOp, Result, TensorMut, TensorRef, single_process,
};

/// The environment variable that says where tests have components compute.
const DEVICE: &str = "FICTA_TEST_DEVICE";

/// Records progress and log, and stops a component on request. One process on the CPU, unless told otherwise.
///
/// With `FICTA_TEST_DEVICE=cuda:0` in the environment it wants the work done on that GPU, so that a plugin's tests check it there too.
#[derive(Debug)]
pub struct RecordingHost {
    seed: u64,
    threads: u32,
    processes: u32,
    device: Device,
    cancel_after: Option<u64>,
    asked: AtomicU64,
    cancelled: AtomicBool,
    progress: Mutex<Vec<(u64, u64, String)>>,
    log: Mutex<Vec<(Level, String)>>,
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn device_of_tests() -> Device {
    match std::env::var(DEVICE).as_deref() {
        Err(_) | Ok("cpu") => Device::CPU,
        Ok(name) => {
            let number = name.strip_prefix("cuda:").and_then(|n| n.parse().ok());
            Device::cuda(number.unwrap_or_else(|| panic!("{DEVICE}={name}: expected cpu or cuda:N")))
        }
    }
}

impl RecordingHost {
    /// With this run seed and one thread; never cancels.
    ///
    /// # Panics
    /// With a `FICTA_TEST_DEVICE` in the environment that is no device.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            threads: 1,
            processes: 1,
            device: device_of_tests(),
            cancel_after: None,
            asked: AtomicU64::default(),
            cancelled: AtomicBool::default(),
            progress: Mutex::default(),
            log: Mutex::default(),
        }
    }

    /// Grants so many threads.
    #[must_use]
    pub fn with_threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Wants the work done there.
    #[must_use]
    pub fn on(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// The first of so many processes that all hold the same: a sum multiplies by their number.
    #[must_use]
    pub fn with_processes(mut self, processes: u32) -> Self {
        self.processes = processes;
        self
    }

    /// Cancels once the component has reported progress or asked for cancellation `times` times; 0 cancels at the first.
    #[must_use]
    pub fn cancel_after(mut self, times: u64) -> Self {
        self.cancel_after = Some(times);
        self
    }

    /// Cancels from now on.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Every progress report so far: done, total, of what.
    pub fn progress_reports(&self) -> Vec<(u64, u64, String)> {
        unpoisoned(&self.progress).clone()
    }

    /// Every log line so far.
    pub fn log_lines(&self) -> Vec<(Level, String)> {
        unpoisoned(&self.log).clone()
    }

    /// Whether a log line so far holds these words.
    pub fn heard(&self, words: &str) -> bool {
        unpoisoned(&self.log).iter().any(|(_, line)| line.contains(words))
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

    fn sum(&self, buffer: &mut TensorMut<'_>) -> Result<()> {
        if let Ok(values) = buffer.as_mut_slice::<f64>() {
            values.iter_mut().for_each(|v| *v *= f64::from(self.processes));
        } else {
            let values = buffer.as_mut_slice::<f32>()?;
            values.iter_mut().for_each(|v| *v *= self.processes as f32);
        }
        Ok(())
    }

    fn gather(&self, local: TensorRef<'_>, out: &mut TensorMut<'_>) -> Result<()> {
        let rows = local.shape().first().copied().unwrap_or(0);
        (0..self.processes as usize)
            .try_for_each(|process| single_process::copy(local, &mut out.rows_mut(process * rows, rows)?))
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
        self.device
    }
    fn rank(&self) -> u32 {
        0
    }
    fn world_size(&self) -> u32 {
        self.processes
    }
    fn all_reduce(&self, mut buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error> {
        match op {
            ReduceOp::SUM if self.processes > 1 => self.sum(&mut buffer).into(),
            _ => NullHost::default().all_reduce(buffer, op),
        }
    }
    fn all_gather(&self, local: TensorRef<'_>, mut out: TensorMut<'_>) -> RResult<(), Error> {
        match self.processes {
            1 => NullHost::default().all_gather(local, out),
            _ => self.gather(local, &mut out).into(),
        }
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
        assert!(host.heard("low") && !host.heard("fast"));
    }

    #[test]
    fn equal_processes_sum_and_gather_what_each_holds() {
        let host = RecordingHost::new(0).with_processes(3);
        let (mut single, mut double) = ([1.5f32, 2.0], [0.25f64]);
        let reduce = |buffer: TensorMut<'_>, op| host.all_reduce(buffer, op).into_result();
        reduce(TensorMut::new(&mut single, &[2]).unwrap(), ReduceOp::SUM).unwrap();
        reduce(TensorMut::new(&mut double, &[1]).unwrap(), ReduceOp::SUM).unwrap();
        reduce(TensorMut::new(&mut double, &[1]).unwrap(), ReduceOp::MAX).unwrap();
        assert_eq!((single, double), ([4.5, 6.0], [0.75]));
        assert!(reduce(TensorMut::new(&mut [1i64], &[1]).unwrap(), ReduceOp::SUM).is_err());

        let (local, mut out) = ([7i64, 8], [0i64; 6]);
        let local = TensorRef::new(&local, &[1, 2]).unwrap();
        let gathered = TensorMut::new(&mut out, &[3, 2]).unwrap();
        host.all_gather(local, gathered).into_result().unwrap();
        assert_eq!(out, [7, 8, 7, 8, 7, 8]);
        let short = TensorMut::new(&mut out[..4], &[2, 2]).unwrap();
        assert!(host.all_gather(local, short).into_result().is_err());
    }
}
