//! A host with a number of threads and processes.

use std::sync::atomic::{AtomicBool, Ordering};

use abi_stable::std_types::{RResult, RStr};
use ficta_core::{Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef};

/// `processes` equal ones, seen from the first: a sum multiplies by their number.
pub struct Host {
    pub threads: u32,
    pub processes: u32,
    pub cancelled: AtomicBool,
}

impl Host {
    pub fn with_threads(threads: u32) -> Self {
        Self {
            threads,
            processes: 1,
            cancelled: AtomicBool::new(false),
        }
    }
}

impl HostServices for Host {
    fn progress(&self, _: u64, _: u64, _: RStr<'_>) -> Control {
        Control::CONTINUE
    }
    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
    fn log(&self, _: Level, _: RStr<'_>) {}
    fn seed(&self) -> u64 {
        0
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
        self.processes
    }
    fn all_reduce(&self, mut buffer: TensorMut<'_>, _: ReduceOp) -> RResult<(), Error> {
        let values = buffer.as_mut_slice::<f32>().expect("gradients are f32");
        values.iter_mut().for_each(|v| *v *= self.processes as f32);
        RResult::ROk(())
    }
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error> {
        NullHost::default().all_gather(local, out)
    }
    fn broadcast(&self, _: TensorMut<'_>, _: u32) -> RResult<(), Error> {
        RResult::ROk(())
    }
    fn barrier(&self) -> RResult<(), Error> {
        RResult::ROk(())
    }
}
