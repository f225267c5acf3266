//! A last word when a component crashes the process: which, and that nothing finished is lost.
//!
//! A panic in a plugin becomes an error; a wild pointer, a stack overflow or a failed allocation does not. The signals that these end in
//! are passed on afterwards, so that the exit status and a core dump are what they would be. A component that calls `exit` would end the
//! run with a status of its own choosing, even 0: that is told too, and the status is 1.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::at_work;

const SIGNALS: [(libc::c_int, &str); 5] = [
    (
        libc::SIGSEGV,
        "SIGSEGV (a memory access that is not allowed, or a stack that is full)",
    ),
    (libc::SIGBUS, "SIGBUS (memory that a file no longer backs)"),
    (
        libc::SIGILL,
        "SIGILL (an instruction that this processor does not have)",
    ),
    (libc::SIGFPE, "SIGFPE (an arithmetic fault)"),
    (
        libc::SIGABRT,
        "SIGABRT (it called abort: often memory that could not be allocated)",
    ),
];

static SAID: AtomicBool = AtomicBool::new(false);

/// Set where the host itself ends the process while a component is at work.
static OWN_EXIT: AtomicBool = AtomicBool::new(false);

/// What a run is left with; other commands have no stages. Neither locks nor allocates.
fn kept() -> &'static str {
    match at_work::get() {
        Some(place) if place.starts_with("stage ") => {
            "  finished stages are kept: run the same command again to go on\n"
        }
        _ => "",
    }
}

/// Writes without allocating or locking.
fn write(text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: `rest` is valid for its length; write(2) is safe to call from a signal's handler.
        let written = unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(n) if n > 0 => rest = &rest[n..],
            _ => return,
        }
    }
}

extern "C" fn handler(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    if !SAID.swap(true, Ordering::Relaxed) {
        let what = SIGNALS
            .iter()
            .find(|(s, _)| *s == signal)
            .map_or("a signal", |(_, what)| what);
        write("\nerror: ");
        write(at_work::get().unwrap_or("the process"));
        write(" has crashed with ");
        write(what);
        write("\n");
        write(kept());
        write("  fix: mend or replace that component; `ficta plugins check` may show what is wrong with it\n");
    }
    // SAFETY: sigaction and raise may be called from a handler; `info` is what the kernel gave, SA_SIGINFO being set.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        // A fault happens again when its instruction is repeated; a signal that was sent (abort, kill) must be sent again.
        if info.is_null() || (*info).si_code <= 0 {
            libc::raise(signal);
        }
    }
}

extern "C" fn at_exit() {
    let Some(place) = at_work::get().filter(|_| !OWN_EXIT.load(Ordering::Relaxed)) else {
        return;
    };
    write("\nerror: ");
    write(place);
    write(" has ended the process by calling exit\n");
    write(kept());
    write("  fix: a component must return an error instead of calling exit; mend or replace it\n");
    // SAFETY: ends the process without coming back; handlers of `exit` registered before this one have nothing to do for the host.
    unsafe { libc::_exit(1) }
}

/// Ends the process by the host's own will, whatever is at work.
pub fn exit(code: i32) -> ! {
    OWN_EXIT.store(true, Ordering::Relaxed);
    std::process::exit(code)
}

/// Has the handlers called in a crash, and when a component ends the process.
pub fn install() {
    // SAFETY: the handler has the signature that atexit asks for and neither panics nor returns to anything that is gone. Where there is no
    // room for it (atexit gives non-zero), such an end is not told, and nothing else is lost.
    unsafe { libc::atexit(at_exit) };
    for (signal, _) in SIGNALS {
        // SAFETY: an all-zero sigaction is a valid one; the handler has the signature that SA_SIGINFO asks for and does only what is allowed in one.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            // On the alternate stack that Rust gives each of its threads, since the stack itself may be full.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}
