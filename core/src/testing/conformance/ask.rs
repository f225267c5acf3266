//! Questions that every suite asks.

use std::time::{Duration, Instant};

use super::{Finding, Found, KEPT};
use crate::{
    Ctx, Error, ErrorKind, NullHost, Result,
    testing::{Output, RecordingHost},
};

/// The longest time that a component may take to stop.
const SECOND: Duration = Duration::from_secs(1);

/// An error of the component where none was due.
pub(super) fn failed(what: &str) -> impl Fn(Error) -> String {
    move |e| format!("{what}: {e}")
}

/// A call that must be refused, with an error and not with a panic.
pub(super) fn refuses<T>(what: &str, result: Result<T>) -> Result<(), String> {
    match result {
        Ok(_) => Err(format!("{what} was accepted; expected an error")),
        Err(e) => no_panic(what, Err::<T, _>(e)),
    }
}

/// A call that must be refused with an error of this kind.
pub(super) fn refuses_as<T>(what: &str, kind: ErrorKind, result: Result<T>) -> Result<(), String> {
    match result {
        Err(e) if e.kind() != kind && e.kind() != ErrorKind::PANIC => Err(format!(
            "{what} gave an error of kind `{}`, expected `{}`: {e}",
            e.kind().name(),
            kind.name()
        )),
        other => refuses(what, other),
    }
}

/// A call that may be refused or not, but must not panic.
pub(super) fn no_panic<T>(what: &str, result: Result<T>) -> Result<(), String> {
    match result {
        Err(e) if e.kind() == ErrorKind::PANIC => Err(format!("{what} led to a panic; expected an error: {e}")),
        _ => Ok(()),
    }
}

/// Runs `work` under a host of this seed and thread budget.
pub(super) fn under<T>(seed: u64, threads: u32, work: impl FnOnce(&Ctx<'_>) -> Result<T>) -> Result<T> {
    work(&Ctx::new(&RecordingHost::new(seed).with_threads(threads)))
}

/// Runs `work` under a host that listens to nothing.
pub(super) fn quietly<T>(work: impl FnOnce(&Ctx<'_>) -> Result<T>) -> Result<T> {
    work(&Ctx::new(&NullHost::default()))
}

/// Two outcomes that must have the same bits.
pub(super) fn same_bits(what: &str, a: &Output, b: &Output) -> Finding {
    match a.bits_differ(b) {
        None => KEPT,
        Some(why) => Err(format!("{what}: {why}")),
    }
}

/// Two outcomes that must agree within a tolerance.
pub(super) fn close(what: &str, a: &Output, b: &Output, rtol: f64, atol: f64) -> Finding {
    match a.differ(b, rtol, atol) {
        None => KEPT,
        Some(why) => Err(format!("{what}: {why}")),
    }
}

/// Every element was written, with a finite number.
pub(super) fn finite(output: &Output) -> Finding {
    output.not_finite().map_or(KEPT, Err)
}

/// Progress never falls, never exceeds its total, and names what it counts.
pub(super) fn progress_rises(work: impl FnOnce(&Ctx<'_>) -> Result<()>) -> Finding {
    let host = RecordingHost::new(1).with_threads(1);
    work(&Ctx::new(&host)).map_err(failed("a plain call"))?;
    let reports = host.progress_reports();
    for (done, total, what) in &reports {
        if done > total {
            return Err(format!("progress {done} of {total} `{what}`: more than all"));
        }
        if what.is_empty() {
            return Err(format!("progress {done} of {total} does not say of what"));
        }
    }
    for pair in reports.windows(2) {
        let ((before, _, what), (after, _, next)) = (&pair[0], &pair[1]);
        if what == next && after < before && *after != 0 {
            return Err(format!("progress of `{what}` fell from {before} to {after}"));
        }
    }
    if reports.is_empty() {
        return Ok(Found::Skipped("it reported no progress".into()));
    }
    KEPT
}

/// A call is cancelled at once, and once more after the component's first look: it must be back within a second, with the error of
/// [`Ctx::check_cancelled`] or with its work done.
pub(super) fn stops(mut work: impl FnMut(&Ctx<'_>) -> Result<()>) -> Finding {
    for looks in [0, 1] {
        let host = RecordingHost::new(1).with_threads(1).cancel_after(looks);
        let since = Instant::now();
        let result = work(&Ctx::new(&host));
        let took = since.elapsed();
        if let Err(e) = result
            && e.kind() != ErrorKind::CANCELLED
        {
            return Err(format!(
                "cancelled after {looks} looks, it ended with an error of kind `{}`, expected `cancelled`: {e}",
                e.kind().name()
            ));
        }
        if took > SECOND {
            return Err(format!(
                "cancelled after {looks} looks, it took {:.1} s to return; a second is allowed: call `ctx.check_cancelled()?` or \
                 `ctx.progress(...)?` more often",
                took.as_secs_f64()
            ));
        }
    }
    KEPT
}
