//! Ctrl-C.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ficta_core::{Error, Result};

use crate::at_work;

/// Seconds that a component has to return after a request to stop.
static GRACE: AtomicU64 = AtomicU64::new(10);

/// Ends the process when whatever is at work has not returned in time.
fn end_after_grace() {
    let grace = GRACE.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(grace));
    let place = at_work::get().unwrap_or("the run");
    eprintln!(
        "error: {place} has not returned within {grace} s of the request to stop\n  finished stages are kept; the run can be taken up again\n  \
         fix: a component that works for long must call `ctx.progress` or `ctx.check_cancelled` at least once a second"
    );
    std::process::exit(3);
}

/// Sets how long a component may take to return after a request to stop, in seconds.
pub fn grace(seconds: u64) {
    GRACE.store(seconds, Ordering::Relaxed);
}

/// A flag that the first Ctrl-C sets. The second ends the process.
///
/// # Errors
/// It cannot be handled.
pub fn on_ctrl_c() -> Result<Arc<AtomicBool>> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = cancelled.clone();
    ctrlc::set_handler(move || {
        // The second Ctrl-C does not wait for a plugin that does not listen.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(3);
        }
        eprintln!("stopping; the run can be taken up again (Ctrl-C once more ends it at once)");
        std::thread::spawn(end_after_grace);
    })
    .map_err(|e| Error::io(format!("Ctrl-C cannot be handled: {e}")))?;
    Ok(cancelled)
}
