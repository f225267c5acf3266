//! The state of the calling thread while libtorch computes.

use std::{marker::PhantomData, sync::Once};

use ficta_core::Ctx;

use crate::{flush_to_zero, freed_memory};

/// Held during a call into a plugin: the thread budget is set, freed memory stays for the next call, and denormals count as zero on this thread and on the OpenMP threads that it starts.
///
/// Training makes denormals (Adam's second moments, vanishing gradients), and arithmetic on them is up to twenty times slower. The flag is one
/// of each thread; libgomp's workers inherit it from the thread that starts them, each calling thread having workers of its own. So a
/// plugin enters the scope before its first libtorch call on a thread. Leaving it gives the calling thread, which is the host's, its own
/// mode back; the workers keep theirs, they do nothing but libtorch's work.
pub struct ComputeScope {
    saved: flush_to_zero::Mode,
    /// The mode is the thread's: the scope must end where it began.
    _thread: PhantomData<*const ()>,
}

impl ComputeScope {
    /// Enters.
    pub fn enter(ctx: &Ctx<'_>) -> Self {
        let threads = i32::try_from(ctx.threads()).unwrap_or(i32::MAX);
        static HINT: Once = Once::new();
        if threads > 1 {
            HINT.call_once(|| hint_at_spinning(ctx));
        }
        Self::with_threads(threads)
    }

    /// Enters with one thread, whatever the budget: in the threads of [`crate::in_order`], and for plugins that compute in no other way.
    pub fn single_threaded() -> Self {
        Self::with_threads(1)
    }

    fn with_threads(threads: i32) -> Self {
        freed_memory::enter();
        let saved = flush_to_zero::set();
        // The number is a setting of each calling thread; setting it anew throws prepared convolutions away.
        if tch::get_num_threads() != threads {
            tch::set_num_threads(threads);
        }
        Self {
            saved,
            _thread: PhantomData,
        }
    }
}

impl Drop for ComputeScope {
    fn drop(&mut self) {
        flush_to_zero::restore(self.saved);
    }
}

/// libgomp has read the policy when it was loaded with this plugin: it can be reported here but not changed. The `ficta` command sets it
/// before it opens any plugin; other hosts may not.
fn hint_at_spinning(ctx: &Ctx<'_>) {
    let set = |name| std::env::var_os(name).is_some();
    if !set("OMP_WAIT_POLICY") && !set("GOMP_SPINCOUNT") {
        ctx.warn(
            "OMP_WAIT_POLICY is not set: libtorch's idle threads spin, and with any other busy process on this machine training can be \
             five times slower; set OMP_WAIT_POLICY=passive before the start",
        );
    }
}
