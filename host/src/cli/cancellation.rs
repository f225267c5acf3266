//! Ctrl-C.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ficta_core::{Error, Result};

use crate::{at_work, crash_notice};

/// Seconds that a component has to return after a request to stop.
static GRACE: AtomicU64 = AtomicU64::new(10);

/// Sets how long a component may take to return after a request to stop, in seconds.
pub fn grace(seconds: u64) {
    GRACE.store(seconds, Ordering::Relaxed);
}

/// A flag that the first Ctrl-C sets. The second does not wait for a plugin that does not listen.
///
/// # Errors
/// Ctrl-C cannot be handled.
pub fn on_ctrl_c() -> Result<Arc<AtomicBool>> {
    handle("stopping (Ctrl-C once more ends it at once)", "")
}

/// [`on_ctrl_c`] of work that keeps what is finished.
///
/// # Errors
/// As [`on_ctrl_c`].
pub fn on_ctrl_c_of_a_run() -> Result<Arc<AtomicBool>> {
    handle(
        "stopping; the run can be taken up again (Ctrl-C once more ends it at once)",
        "  finished stages are kept; the run can be taken up again\n",
    )
}

fn handle(words: &'static str, kept: &'static str) -> Result<Arc<AtomicBool>> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = cancelled.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            crash_notice::exit(3);
        }
        eprintln!("{words}");
        std::thread::spawn(move || end_after_grace(kept));
    })
    .map_err(|e| Error::io(format!("Ctrl-C cannot be handled: {e}")))?;
    Ok(cancelled)
}

/// Ends the process when whatever is at work has not returned in time.
fn end_after_grace(kept: &str) {
    let grace = GRACE.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(grace));
    let place = at_work::get().unwrap_or("the work");
    eprintln!(
        "error: {place} has not returned within {grace} s of the request to stop\n{kept}  \
         fix: a component that works for long must call `ctx.progress` or `ctx.check_cancelled` at least once a second"
    );
    crash_notice::exit(3);
}
