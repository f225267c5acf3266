//! Standard output belongs to the host's results.
//!
//! Components may print, and libraries below them do. From [`take`] on what they print goes to standard error, and `out!` writes to what standard
//! output was, so that `--json` stays JSON.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use ficta_core::{Error, Result};

static OWN: OnceLock<Mutex<File>> = OnceLock::new();

/// Keeps standard output for the host.
///
/// # Errors
/// No file descriptor is left.
pub fn take() -> Result<()> {
    let failed = |e: rustix::io::Errno| Error::io(format!("standard output: {e}"));
    let own = rustix::io::dup(rustix::stdio::stdout()).map_err(failed)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map_err(failed)?;
    let _ = OWN.set(Mutex::new(File::from(own)));
    Ok(())
}

/// Writes to what standard output was. A reader that has gone away (`ficta ... | head`) ends the process in silence, as usual.
pub fn write(text: &std::fmt::Arguments<'_>) {
    let written = match OWN.get() {
        Some(own) => {
            let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
            own.write_all(text.to_string().as_bytes())
        }
        None => std::io::stdout().write_fmt(*text),
    };
    match written {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => eprintln!("warning: standard output: {e}"),
        Ok(()) => {}
    }
}

/// `println!` to the host's own standard output.
macro_rules! out {
    () => { $crate::cli::own_stdout::write(&format_args!("\n")) };
    ($format:literal $($rest:tt)*) => { $crate::cli::own_stdout::write(&format_args!("{}\n", format_args!($format $($rest)*))) };
}
pub(crate) use out;
