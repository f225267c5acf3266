//! The encoder computes on as many threads as the host allows and starts no others.
//!
//! A program of its own, because it counts the threads of the process.
#![cfg(target_os = "linux")]

mod support;

use support::{encode, encoder, synthetic};

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn no_more_threads_than_allowed() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), true).unwrap();
    let before = threads();
    for allowed in [1, 3, 2] {
        encode(&mut encoder, &[100; 7 * 30 * 30 * 3], [30, 30], allowed).unwrap();
        // Threads of a pool that is being replaced end a little later.
        let patience = std::time::Instant::now();
        while threads() > before + allowed as usize && patience.elapsed().as_secs() < 5 {
            std::thread::yield_now();
        }
        assert_eq!(threads(), before + allowed as usize, "{allowed} allowed");
    }
}
