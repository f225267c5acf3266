#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ficta_fuzz::zip(data));
