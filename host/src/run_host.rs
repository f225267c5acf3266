//! The host as components see it: progress, log, cancellation, seed, threads.

use std::{
    io::IsTerminal,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use abi_stable::std_types::{RResult, RStr};
use ficta_core::{
    Communicator, Control, Ctx, Device, Error, HostServices, Level, ReduceOp, SingleProcess, TensorMut, TensorRef,
};
use indicatif::{ProgressBar, ProgressStyle};

/// Without a terminal: seconds between two progress lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

struct Shown {
    what: String,
    since: Instant,
    start: u64,
    line_at: Instant,
    bar: Option<ProgressBar>,
}

/// The host during a run. Logs and bars go to stderr.
pub struct RunHost {
    seed: u64,
    threads: usize,
    device: Device,
    quiet: bool,
    /// Whether progress is shown; not while a component works on a part of what the stage itself counts.
    counting: AtomicBool,
    cancelled: Arc<AtomicBool>,
    communicator: Box<dyn Communicator>,
    stage: Mutex<String>,
    shown: Mutex<Option<Shown>>,
}

impl RunHost {
    /// A host of this seed and thread budget; `cancelled` is set when the user asks to stop.
    pub fn new(seed: u64, threads: usize, quiet: bool, cancelled: Arc<AtomicBool>) -> Self {
        Self {
            seed,
            threads,
            device: Device::CPU,
            quiet,
            counting: AtomicBool::new(true),
            cancelled,
            communicator: Box::new(SingleProcess),
            stage: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    /// Has components compute on this device where they can.
    #[must_use]
    pub fn on(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Takes the run's collectives from a component.
    #[must_use]
    pub fn with_communicator(mut self, communicator: Box<dyn Communicator>) -> Self {
        self.communicator = communicator;
        self
    }

    /// The context that calls take.
    pub fn ctx(&self) -> Ctx<'_> {
        Ctx::new(self)
    }

    /// Names what the following progress belongs to, and takes down the bar of what went before.
    pub fn enter(&self, stage: &str) {
        if let Some(Shown { bar: Some(bar), .. }) = self.lock(&self.shown).take() {
            bar.finish_and_clear();
        }
        *self.lock(&self.stage) = stage.to_owned();
    }

    /// Runs `part` without showing the progress that it reports, since the stage counts such parts itself.
    pub fn uncounted<T>(&self, part: impl FnOnce() -> T) -> T {
        let before = self.counting.swap(false, Ordering::Relaxed);
        let out = part();
        self.counting.store(before, Ordering::Relaxed);
        out
    }

    /// A line for the user.
    pub fn say(&self, line: &str) {
        if self.quiet {
            return;
        }
        match self.lock(&self.shown).as_ref().and_then(|s| s.bar.as_ref()) {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> std::sync::MutexGuard<'a, T> {
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn show(&self, done: u64, total: u64, what: &str) {
        let mut slot = self.lock(&self.shown);
        let fresh = slot.as_ref().is_none_or(|s| s.what != what || done < s.start);
        let now = Instant::now();
        if fresh {
            if let Some(Shown { bar: Some(bar), .. }) = slot.take() {
                bar.finish_and_clear();
            }
            let bar = std::io::stderr()
                .is_terminal()
                .then(|| new_bar(&self.lock(&self.stage), total, done, what));
            *slot = Some(Shown {
                what: what.into(),
                since: now,
                start: done,
                line_at: now,
                bar,
            });
        }
        let Some(shown) = slot.as_mut() else { return };
        if let Some(bar) = &shown.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        let took = now - shown.since;
        let last = done >= total && took > Duration::from_secs(2);
        if !last && now - shown.line_at < LINE_EVERY {
            return;
        }
        shown.line_at = now;
        let rate = (done - shown.start) as f64 / took.as_secs_f64().max(1e-9);
        let left = Duration::from_secs_f64((total.saturating_sub(done) as f64 / rate.max(1e-9)).min(1e8));
        let stage = self.lock(&self.stage);
        eprintln!("{stage}: {done}/{total} {what}, {rate:.1}/s, {} left", minutes(left));
    }
}

fn new_bar(stage: &str, total: u64, done: u64, what: &str) -> ProgressBar {
    let template = "{prefix} {wide_bar} {pos}/{len} {msg}, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_position(done).with_style(style);
    bar.set_prefix(stage.to_owned());
    bar.set_message(what.to_owned());
    bar.reset_eta();
    bar
}

/// A duration as `1m05s`.
pub fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

impl HostServices for RunHost {
    fn progress(&self, done: u64, total: u64, what: RStr<'_>) -> Control {
        if !self.quiet && self.counting.load(Ordering::Relaxed) {
            self.show(done, total, what.as_str());
        }
        if self.cancelled() {
            Control::CANCEL
        } else {
            Control::CONTINUE
        }
    }
    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
    fn log(&self, level: Level, message: RStr<'_>) {
        if level >= Level::INFO {
            let mark = if level >= Level::WARN { "warning: " } else { "" };
            let stage = self.lock(&self.stage).clone();
            self.say(&format!("{stage}: {mark}{message}"));
        }
    }
    fn seed(&self) -> u64 {
        self.seed
    }
    fn threads(&self) -> u32 {
        self.threads as u32
    }
    fn device(&self) -> Device {
        self.device
    }
    fn rank(&self) -> u32 {
        self.communicator.rank() as u32
    }
    fn world_size(&self) -> u32 {
        self.communicator.size() as u32
    }
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error> {
        self.communicator.all_reduce(buffer, op).into()
    }
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error> {
        self.communicator.all_gather(local, out).into()
    }
    fn broadcast(&self, buffer: TensorMut<'_>, root: u32) -> RResult<(), Error> {
        self.communicator.broadcast(buffer, root as usize).into()
    }
    fn barrier(&self) -> RResult<(), Error> {
        self.communicator.barrier().into()
    }
}
