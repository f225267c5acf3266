//! A host that grants threads, and the process's CPU time.

use abi_stable::std_types::{RResult, RStr};
use ficta_core::{Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef};

/// As [`NullHost`], with this many threads.
pub struct Threads(pub u32);

impl Threads {
    /// As many as the machine has.
    pub fn available() -> Self {
        Self(std::thread::available_parallelism().map_or(1, |n| n.get() as u32))
    }
}

const NULL: NullHost = NullHost { seed: 0 };

impl HostServices for Threads {
    fn progress(&self, _: u64, _: u64, _: RStr<'_>) -> Control {
        Control::CONTINUE
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn log(&self, _: Level, message: RStr<'_>) {
        eprintln!("{message}");
    }
    fn seed(&self) -> u64 {
        0
    }
    fn threads(&self) -> u32 {
        self.0
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
        NULL.all_reduce(buffer, op)
    }
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error> {
        NULL.all_gather(local, out)
    }
    fn broadcast(&self, buffer: TensorMut<'_>, root: u32) -> RResult<(), Error> {
        NULL.broadcast(buffer, root)
    }
    fn barrier(&self) -> RResult<(), Error> {
        NULL.barrier()
    }
}

/// User and system time of all threads of this process so far, in seconds; 0 where /proc is missing.
#[allow(dead_code)]
pub fn cpu_seconds() -> f64 {
    // Fields 14 and 15 of /proc/self/stat, in ticks of 1/100 s; the second field is in brackets and may hold blanks.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
