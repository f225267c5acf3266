//! C functions over `ficta_core::dlpack`, for the round trip with Python.

use std::ptr::NonNull;

use ficta_core::dlpack::{
    dlpk::{DLPackTensor, sys::DLManagedTensorVersioned},
    export, view,
};

/// The elements 0, 0.5, 1, ... in a shape of 2 x 3. `address` gets where they lie.
///
/// # Safety
/// `address` is valid for writing.
// SAFETY: no other symbol of this library or of what loads it has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn give(address: *mut usize) -> *mut DLManagedTensorVersioned {
    let values: Vec<f32> = (0..6).map(|i| i as f32 / 2.0).collect();
    // SAFETY: the caller's promise. The vector is handed on as it is, so that its elements stay there.
    unsafe { address.write(values.as_ptr() as usize) };
    export(values, &[2, 3]).map_or(std::ptr::null_mut(), |tensor| tensor.into_raw().as_ptr())
}

/// Takes a tensor of f64 and gives the sum of i times the i-th element; NaN for one that cannot be viewed. `address` gets where the elements lie.
///
/// # Safety
/// `tensor` is a DLPack tensor that is handed over; `address` is valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn take(tensor: *mut DLManagedTensorVersioned, address: *mut usize) -> f64 {
    let Some(tensor) = NonNull::new(tensor) else {
        return f64::NAN;
    };
    // SAFETY: the caller's promise.
    let tensor = unsafe { DLPackTensor::from_raw(tensor) };
    let Ok(seen) = view(&tensor) else { return f64::NAN };
    // SAFETY: the caller's promise.
    unsafe { address.write(seen.as_ptr() as usize) };
    match seen.as_slice::<f64>() {
        Ok(values) => values.iter().enumerate().map(|(i, x)| i as f64 * x).sum(),
        Err(_) => f64::NAN,
    }
}
