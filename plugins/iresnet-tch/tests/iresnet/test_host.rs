//! A host with a thread budget that can be told to cancel.

use std::sync::atomic::{AtomicBool, Ordering};

use ficta_core::{
    Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef,
    private::abi_stable::std_types::{RResult, RStr},
};

#[derive(Default)]
pub struct TestHost {
    pub threads: u32,
    pub processes: u32,
    pub cancelled: AtomicBool,
}

impl HostServices for TestHost {
    fn progress(&self, _: u64, _: u64, _: RStr<'_>) -> Control {
        if self.cancelled() {
            Control::CANCEL
        } else {
            Control::CONTINUE
        }
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
        self.processes.max(1)
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
