//! The set that a command is given.

use std::path::PathBuf;

use ficta_core::Result;

use crate::{
    cli::cancellation,
    data::source::{self, Format, ImageSource},
    run_host::RunHost,
};

/// Which set, and how it is read.
#[derive(clap::Args, Debug)]
pub struct SetArgs {
    /// The set: a folder, `.rec`, `.tar`, `name-{000000..000009}.tar`, `.zip` or `.parquet`.
    pub path: PathBuf,
    /// Its layout, where it is not to be found out.
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub read_as: Option<Format>,
    /// No progress.
    #[arg(long, short)]
    pub quiet: bool,
}

impl SetArgs {
    /// Opens it.
    ///
    /// # Errors
    /// As for [`source::open`].
    pub fn open(&self) -> Result<Box<dyn ImageSource>> {
        match self.read_as {
            Some(format) => source::open_as(&self.path, format),
            None => source::open(&self.path),
        }
    }

    /// A host that shows the progress of `what` and stops on Ctrl-C.
    ///
    /// # Errors
    /// Ctrl-C cannot be handled.
    pub fn host(&self, what: &str, seed: u64) -> Result<RunHost> {
        let host = RunHost::new(
            seed,
            rayon::current_num_threads(),
            self.quiet,
            cancellation::on_ctrl_c()?,
        );
        host.enter(what);
        Ok(host)
    }
}
