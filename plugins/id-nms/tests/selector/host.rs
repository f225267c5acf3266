//! A host with a seed, threads, and an end to its patience.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use ficta_core::private::abi_stable::std_types::{RResult, RStr};
use ficta_core::{Control, Device, Error, HostServices, Level, NullHost, ReduceOp, TensorMut, TensorRef};

pub struct TestHost {
    pub seed: u64,
    pub threads: u32,
    /// Reports of progress that are answered before the host cancels.
    pub patience: AtomicI64,
    /// What was logged.
    pub said: Mutex<Vec<String>>,
}

impl TestHost {
    pub fn new(seed: u64, threads: u32) -> Self {
        Self {
            seed,
            threads,
            patience: AtomicI64::new(i64::MAX),
            said: Mutex::default(),
        }
    }
}

impl TestHost {
    /// Whether a line with these words was logged.
    pub fn heard(&self, words: &str) -> bool {
        self.said
            .lock()
            .expect("no panic")
            .iter()
            .any(|line| line.contains(words))
    }
}

impl HostServices for TestHost {
    fn progress(&self, done: u64, total: u64, _: RStr<'_>) -> Control {
        assert!(done <= total, "{done} of {total}");
        if self.patience.fetch_sub(1, Ordering::Relaxed) > 0 {
            Control::CONTINUE
        } else {
            Control::CANCEL
        }
    }
    fn cancelled(&self) -> bool {
        self.patience.load(Ordering::Relaxed) <= 0
    }
    fn log(&self, _: Level, message: RStr<'_>) {
        self.said.lock().expect("no panic").push(message.to_string());
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
