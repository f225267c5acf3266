//! What a running component may ask of its host.

use abi_stable::{
    StableAbi, sabi_trait,
    sabi_types::RRef,
    std_types::{RResult, RStr},
};

use crate::{Device, Error, ErrorKind, ReduceOp, Result, TensorMut, TensorRef};

/// The host's answer to a progress report.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Control(u8);

impl Control {
    /// Go on.
    pub const CONTINUE: Self = Self(0);
    /// Stop as soon as possible.
    pub const CANCEL: Self = Self(1);
}

/// Weight of a log line.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Level(pub u8);

impl Level {
    /// For those who look for a fault.
    pub const DEBUG: Self = Self(10);
    /// For everybody.
    pub const INFO: Self = Self(20);
    /// Something is likely wrong, the work goes on.
    pub const WARN: Self = Self(30);
}

/// Implemented by the host; authors call it through [`Ctx`].
#[sabi_trait]
pub trait HostServices: Send + Sync {
    /// Reports `done` of `total` units of `what`.
    fn progress(&self, done: u64, total: u64, what: RStr<'_>) -> Control;
    /// Whether the user has asked to stop.
    fn cancelled(&self) -> bool;
    /// Takes a log line.
    fn log(&self, level: Level, message: RStr<'_>);
    /// The run's seed.
    fn seed(&self) -> u64;
    /// How many threads a component may use.
    fn threads(&self) -> u32;
    /// Where a component shall compute.
    fn device(&self) -> Device;
    /// This process among those of the run.
    fn rank(&self) -> u32;
    /// How many processes the run has.
    fn world_size(&self) -> u32;
    /// See [`Ctx::all_reduce`].
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error>;
    /// See [`Ctx::all_gather`].
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error>;
    /// See [`Ctx::broadcast`].
    fn broadcast(&self, buffer: TensorMut<'_>, root: u32) -> RResult<(), Error>;
    /// See [`Ctx::barrier`].
    #[sabi(last_prefix_field)]
    fn barrier(&self) -> RResult<(), Error>;
}

/// The host, as a component sees it during a call.
#[repr(transparent)]
#[derive(StableAbi)]
pub struct Ctx<'a> {
    host: HostServices_TO<'a, RRef<'a, ()>>,
}

impl<'a> Ctx<'a> {
    /// A context over a host.
    pub fn new<H: HostServices + 'a>(host: &'a H) -> Self {
        Self {
            host: HostServices_TO::from_ptr(RRef::new(host), sabi_trait::TD_Opaque),
        }
    }

    /// Reports `done` of `total` units of `what` ("images", "steps"); the host derives rate and time left.
    ///
    /// # Errors
    /// [`ErrorKind::CANCELLED`] when the work shall stop: pass it on with `?`.
    pub fn progress(&self, done: u64, total: u64, what: &str) -> Result<()> {
        if self.host.progress(done, total, what.into()) == Control::CANCEL {
            return Err(cancelled(format!("stopped at {done} of {total} {what}")));
        }
        Ok(())
    }

    /// A place where the work may stop. Call it at least once a second in long work that reports no progress.
    ///
    /// # Errors
    /// [`ErrorKind::CANCELLED`] when the work shall stop.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.host.cancelled() {
            return Err(cancelled("stopped by the user".into()));
        }
        Ok(())
    }

    /// Writes a line to the run's log.
    pub fn log(&self, level: Level, message: &str) {
        self.host.log(level, message.into());
    }
    /// [`Ctx::log`] at [`Level::INFO`].
    pub fn info(&self, message: &str) {
        self.log(Level::INFO, message);
    }
    /// [`Ctx::log`] at [`Level::WARN`].
    pub fn warn(&self, message: &str) {
        self.log(Level::WARN, message);
    }

    /// The run's seed; draw from [`crate::random::Stream::new`] with it.
    pub fn seed(&self) -> u64 {
        self.host.seed()
    }
    /// How many threads the component may use, at least 1.
    pub fn threads(&self) -> usize {
        self.host.threads().max(1) as usize
    }
    /// Where the component shall compute. One that knows only the CPU says so in the log and uses the CPU.
    pub fn device(&self) -> Device {
        self.host.device()
    }
    /// This process among those of the run, from 0.
    pub fn rank(&self) -> usize {
        self.host.rank() as usize
    }
    /// How many processes the run has; 1 unless a communicator was configured.
    pub fn world_size(&self) -> usize {
        self.host.world_size().max(1) as usize
    }

    /// Combines `buffer` over all processes; each gets the result.
    ///
    /// # Errors
    /// The communicator's.
    pub fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> Result<()> {
        self.host.all_reduce(buffer, op).into_result()
    }
    /// Concatenates everybody's `local` along the first dimension into `out`, by rank.
    ///
    /// # Errors
    /// The communicator's.
    pub fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> Result<()> {
        self.host.all_gather(local, out).into_result()
    }
    /// Gives `root`'s `buffer` to all.
    ///
    /// # Errors
    /// The communicator's.
    pub fn broadcast(&self, buffer: TensorMut<'_>, root: usize) -> Result<()> {
        self.host.broadcast(buffer, root as u32).into_result()
    }
    /// Waits for all processes.
    ///
    /// # Errors
    /// The communicator's.
    pub fn barrier(&self) -> Result<()> {
        self.host.barrier().into_result()
    }
}

fn cancelled(message: String) -> Error {
    Error::new(ErrorKind::CANCELLED, message)
}
