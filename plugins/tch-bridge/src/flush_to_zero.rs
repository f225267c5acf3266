//! The processor's treatment of denormals on the calling thread.

/// A thread's floating-point control word.
#[derive(Clone, Copy)]
pub(crate) struct Mode(#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] u32);

/// Flush-to-zero of results and denormals-are-zero of operands, in MXCSR.
#[cfg(target_arch = "x86_64")]
const FLUSH: u32 = 1 << 15 | 1 << 6;

/// Makes denormals zero and returns the mode before.
#[cfg(target_arch = "x86_64")]
pub(crate) fn set() -> Mode {
    let mut mode = 0u32;
    // SAFETY: stores the control word into `mode`, which it fits.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut mode, options(nostack, preserves_flags)) };
    load(mode | FLUSH);
    Mode(mode)
}

/// Puts a mode back.
#[cfg(target_arch = "x86_64")]
pub(crate) fn restore(mode: Mode) {
    load(mode.0);
}

#[cfg(target_arch = "x86_64")]
fn load(mode: u32) {
    // SAFETY: `mode` is a control word read from this thread, with at most the two flush bits added. They change nothing but the treatment of
    // denormals, on which no Rust code of a plugin relies.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const mode, options(nostack, preserves_flags, readonly)) };
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn set() -> Mode {
    Mode(0)
}
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn restore(_: Mode) {}
