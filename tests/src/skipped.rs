//! Tests that this machine cannot run.

use std::{env, fs::OpenOptions, io::Write};

/// Says that `what` was not tested and why: on standard error, and at the end of the file named in `FICTA_SKIPPED`, from which
/// `cargo xtask test` repeats it when all is done. The runner swallows what a test that passes prints.
pub fn skipped(what: &str, why: &str) {
    let line = format!("{what}: {}\n", why.trim().replace('\n', "; "));
    eprint!("SKIPPED: {line}");
    if let Some(path) = env::var_os("FICTA_SKIPPED").filter(|path| !path.is_empty()) {
        let file = OpenOptions::new().create(true).append(true).open(path);
        // Where that fails, the word on standard error is what remains.
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
}
