//! What libtorch frees stays with the process.
//!
//! glibc gives blocks of more than 32 MB back to the system as soon as they are freed, and smaller ones when they lie at the end. Each step of a training
//! makes and frees feature maps of such sizes, and the system fills every page with zeros again before the next step may write to it: on two cores a
//! quarter of the time of a step of iresnet18 on 16 images in f32.

use std::sync::Once;

/// Blocks from this size on still go back: holes between them would cost more memory than they are worth in time. It is the largest feature map of an
/// iresnet on 16 images of 112 px, and some.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 64 << 20;

/// Has the process keep smaller blocks that it frees, from the first call on.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: sets two numbers of the allocator, which takes its own locks. -1 is "never" for the second.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
        }
    });
}
/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep() {}
