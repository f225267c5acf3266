//! Messages of our C++.

use std::{
    ffi::{CStr, c_char},
    ptr,
};

/// Takes a message over from C++; none where all went well.
pub(crate) fn message(text: *mut c_char) -> Option<String> {
    // SAFETY: libc's, with this signature.
    unsafe extern "C" {
        fn free(block: *mut c_char);
    }
    if ptr::eq(text, ptr::null()) {
        return None;
    }
    // SAFETY: not null, so a string that `strdup` made and that nobody else frees.
    unsafe {
        let words = CStr::from_ptr(text).to_string_lossy().into_owned();
        free(text);
        Some(words)
    }
}
