//! A host with a number of threads that can ask to stop.

use std::sync::Mutex;

use abi_stable::std_types::{RResult, RStr};
use ficta_core::{Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef};

/// See the module.
pub struct Host {
    pub threads: u32,
    pub device: Device,
    pub cancelled: bool,
    /// Log lines.
    pub log: Mutex<Vec<String>>,
}

impl Host {
    pub fn with_threads(threads: u32) -> Self {
        Self {
            threads,
            device: Device::CPU,
            cancelled: false,
            log: Mutex::default(),
        }
    }
}

impl HostServices for Host {
    fn progress(&self, _: u64, _: u64, _: RStr<'_>) -> Control {
        Control::CONTINUE
    }
    fn cancelled(&self) -> bool {
        self.cancelled
    }
    fn log(&self, _: Level, message: RStr<'_>) {
        self.log.lock().unwrap().push(message.to_string());
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
    fn all_reduce(&self, _: TensorMut<'_>, _: ReduceOp) -> RResult<(), Error> {
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
