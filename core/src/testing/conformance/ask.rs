//! Questions that every suite asks.

use super::{Finding, KEPT};
use crate::{
    Ctx, Element, Error, ErrorKind, NullHost, Result, TensorRef,
    testing::{Output, RecordingHost},
};

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

/// A view of numbers that the suite made.
pub(super) fn view<'a, T: Element>(values: &'a [T], shape: &[usize]) -> Result<TensorRef<'a>, String> {
    TensorRef::new(values, shape).map_err(failed("a view"))
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
