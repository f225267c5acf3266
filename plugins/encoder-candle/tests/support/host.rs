//! A host with a number of threads that remembers what it is told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ficta_core::private::abi_stable::std_types::{RResult, RStr};
use ficta_core::{Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef};

/// See the module.
pub struct Host {
    threads: u32,
    device: Device,
    /// Cancels at the first report of at least so many units.
    pub cancel_at: AtomicU64,
    /// (done, total, unit) of every report.
    pub reports: Mutex<Vec<(u64, u64, String)>>,
    /// Log lines at `WARN`.
    pub warnings: Mutex<Vec<String>>,
}

impl Host {
    /// One on the CPU that never cancels.
    pub fn with_threads(threads: u32) -> Self {
        Self::on(Device::CPU, threads)
    }

    /// One that wants the work done on another device.
    pub fn on(device: Device, threads: u32) -> Self {
        Self {
            threads,
            device,
            cancel_at: AtomicU64::new(u64::MAX),
            reports: Mutex::default(),
            warnings: Mutex::default(),
        }
    }
}

impl HostServices for Host {
    fn progress(&self, done: u64, total: u64, what: RStr<'_>) -> Control {
        self.reports.lock().unwrap().push((done, total, what.to_string()));
        match done >= self.cancel_at.load(Ordering::Relaxed) {
            true => Control::CANCEL,
            false => Control::CONTINUE,
        }
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn log(&self, level: Level, message: RStr<'_>) {
        if level == Level::WARN {
            self.warnings.lock().unwrap().push(message.to_string());
        }
    }
    fn seed(&self) -> u64 {
        0
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
        RResult::ROk(())
    }
}
