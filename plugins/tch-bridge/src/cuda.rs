//! CUDA's half of libtorch.
//!
//! The plugins are linked with libtorch's CPU half alone, so one build serves machines with and without a GPU: the other half, `libtorch_cuda.so`, is
//! loaded from beside the first when a run wants a GPU. It must come before the first convolution or gradient:
//! libtorch looks once, then, for what it has of CUDA.

use std::{ffi::c_char, ptr, sync::OnceLock};

use ficta_core::{Error, Result};
use tch::Tensor;
use torch_sys::C_tensor;

use crate::message::message;

// SAFETY: `build.rs` compiles them from `cuda.cpp`, with these signatures. `ficta_cuda_load` takes nothing and may be called at any time.
unsafe extern "C" {
    safe fn ficta_cuda_load() -> *mut c_char;
    fn ficta_cuda_page_locked(shape: *const i64, dimensions: usize) -> *mut C_tensor;
}

/// Loads it, once a process, and has it compute the same numbers in each run.
///
/// # Errors
/// [`ficta_core::ErrorKind::UNSUPPORTED`]: this libtorch has no CUDA half, or it does not load here.
pub(crate) fn load() -> Result<()> {
    static LOADED: OnceLock<Option<String>> = OnceLock::new();
    match LOADED.get_or_init(|| message(ficta_cuda_load())) {
        None => Ok(()),
        Some(why) => Err(Error::unsupported(why.clone())),
    }
}

/// An f32 tensor in page-locked memory of the host, not filled; none where libtorch has no such memory.
pub(crate) fn page_locked(shape: &[i64]) -> Option<Tensor> {
    // SAFETY: the shape is as long as it says; what comes back is null or a new tensor, which `Tensor` owns from here on.
    unsafe {
        let tensor = ficta_cuda_page_locked(shape.as_ptr(), shape.len());
        (!ptr::eq(tensor, ptr::null())).then(|| Tensor::from_ptr(tensor))
    }
}
