//! A host that listens to nothing.

use abi_stable::std_types::{RResult, RStr};

use crate::{Control, Device, Error, HostServices, Level, ReduceOp, TensorMut, TensorRef};

/// A host that listens to nothing and never cancels: for tests, tools and benchmarks. One process, one thread, CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullHost {
    /// The seed it gives.
    pub seed: u64,
}

impl HostServices for NullHost {
    fn progress(&self, _: u64, _: u64, _: RStr<'_>) -> Control {
        Control::CONTINUE
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn log(&self, _: Level, _: RStr<'_>) {}
    fn seed(&self) -> u64 {
        self.seed
    }
    fn threads(&self) -> u32 {
        1
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
    fn all_reduce(&self, _: TensorMut<'_>, _: ReduceOp) -> RResult<(), Error> {
        RResult::ROk(())
    }
    fn all_gather(&self, local: TensorRef<'_>, mut out: TensorMut<'_>) -> RResult<(), Error> {
        crate::single_process::copy(local, &mut out).into()
    }
    fn broadcast(&self, _: TensorMut<'_>, _: u32) -> RResult<(), Error> {
        RResult::ROk(())
    }
    fn barrier(&self) -> RResult<(), Error> {
        RResult::ROk(())
    }
}
