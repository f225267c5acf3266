//! What libtorch frees stays at hand.
//!
//! Each step of a training makes and frees the same feature maps. libc gives blocks of such sizes back to the system, which fills every page
//! with zeros before the next step may write to it: on two cores a quarter to a third of the time of a step. Telling libc to keep them costs
//! twice the memory, because it cuts blocks to pieces. So blocks from 1 MiB on come from a cache that gives a freed block to the next request of
//! its size, whole, and holds at most a quarter more than was in use at once (`block_cache.cpp`).

#[cfg(target_os = "linux")]
mod cache {
    // SAFETY: `build.rs` compiles them from `block_cache.cpp`, with these signatures. They touch nothing but the cache, under its lock, and libtorch's pointer to its allocator.
    unsafe extern "C" {
        pub(super) safe fn ficta_block_cache_keep();
        pub(super) safe fn ficta_block_cache_release();
        pub(super) safe fn ficta_block_cache_use();
    }
}

/// libtorch's allocator of large blocks is told only where there is one for this system.
#[cfg(not(target_os = "linux"))]
mod cache {
    pub(super) fn ficta_block_cache_keep() {}
    pub(super) fn ficta_block_cache_release() {}
    pub(super) fn ficta_block_cache_use() {}
}

/// While any lives, blocks that libtorch frees are kept. With the last, those that are idle go back to the system.
///
/// A component that computes with libtorch has one as its last field, so that its weights are freed before.
#[derive(Debug)]
pub struct FreedMemory(());

impl FreedMemory {
    /// Begins to keep.
    pub fn keep() -> Self {
        cache::ficta_block_cache_keep();
        Self(())
    }
}

impl Drop for FreedMemory {
    fn drop(&mut self) {
        cache::ficta_block_cache_release();
    }
}

/// Makes the cache libtorch's allocator, for all that is allocated from now on.
pub(crate) fn enter() {
    cache::ficta_block_cache_use();
}
