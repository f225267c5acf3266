//! Panics stop here.

use std::{
    any::Any,
    cell::RefCell,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
};

use abi_stable::std_types::RResult;

use crate::{Error, ErrorKind, Result};

/// A component on the callee's side of the boundary: its panics become errors.
///
/// Dropping is guarded too: a panic in a component's `Drop` leaves the rest of it undropped and is not passed on, since there is
/// nobody to take an error.
pub struct Guarded<T>(ManuallyDrop<T>);

impl<T> Guarded<T> {
    pub(crate) fn new(component: T) -> Self {
        Self(ManuallyDrop::new(component))
    }
    pub(crate) fn get(&self) -> &T {
        &self.0
    }
    pub(crate) fn get_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: dropped here only, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.0) }
        }));
        if let Err(payload) = dropped {
            discard(payload);
        }
    }
}

/// A guarded component lent for the length of a call.
///
/// abi_stable asks `Sync` of what an `RMut` points to, although an `RMut` is as exclusive as the `&mut` that it is made of; components
/// are only `Send` (a libtorch tensor is not `Sync`).
pub(super) struct Lent<T>(Guarded<T>);

impl<T> Lent<T> {
    pub(super) fn new(component: T) -> Self {
        Self(Guarded::new(component))
    }
}

// SAFETY: a `Lent` is reached only through the one `RMut` to it, inside a trait object that is Send but not Sync: no two threads ever
// hold a reference at once, and moving access to another thread is what `T: Send` allows.
unsafe impl<T: Send> Sync for Lent<T> {}

impl<T> std::ops::Deref for Lent<T> {
    type Target = Guarded<T>;
    fn deref(&self) -> &Guarded<T> {
        &self.0
    }
}
impl<T> std::ops::DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut Guarded<T> {
        &mut self.0
    }
}

/// Runs `f`; a panic becomes an `Err`. Every library has its own `std`, so this runs in the callee's, below any `extern "C"` frame.
pub fn guard<T>(f: impl FnOnce() -> Result<T>) -> RResult<T, Error> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(done) => done.into(),
        Err(payload) => RResult::RErr(from_panic(payload)),
    }
}

fn from_panic(payload: Box<dyn Any + Send>) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the payload is no text".into());
    discard(payload);
    let error = Error::new(ErrorKind::PANIC, text);
    match PANIC_AT.with(|place| place.borrow_mut().take()) {
        Some(at) => error.at(at),
        None => error,
    }
}

/// Drops a panic's payload, whose own `Drop` may panic too. The payload of that second panic is dropped if it is text, as what `panic!`
/// makes is; anything else might go on for ever, and is leaked.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload)))
        && !(second.is::<&str>() || second.is::<String>())
    {
        std::mem::forget(second);
    }
}

thread_local!(static PANIC_AT: RefCell<Option<String>> = const { RefCell::new(None) });

/// Makes this library's panics silent, and keeps their place for the error.
pub(super) fn keep_panic_places() {
    std::panic::set_hook(Box::new(|info| {
        let at = info.location().map(ToString::to_string);
        let _ = PANIC_AT.try_with(|place| *place.borrow_mut() = at);
    }));
}
