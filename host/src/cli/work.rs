//! What commands that work on files share: threads, progress, Ctrl-C.

use ficta_core::Result;

use super::{args::PluginFolderArgs, cancellation, threads};
use crate::run_host::RunHost;

/// What commands that work on files share.
#[derive(clap::Args, Debug)]
pub struct WorkArgs {
    /// Threads to use; 0 for all cores.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// No progress, no log.
    #[arg(long, short)]
    pub quiet: bool,
}

impl WorkArgs {
    /// A host of this seed for the work named `what`; Ctrl-C asks it to stop.
    ///
    /// # Errors
    /// Ctrl-C cannot be handled; threads cannot be started.
    pub fn host(&self, what: &str, seed: u64) -> Result<RunHost> {
        let threads = threads::keep_to(self.threads)?;
        let host = RunHost::new(seed, threads, self.quiet, cancellation::on_ctrl_c()?);
        host.enter(what);
        Ok(host)
    }
}

/// Plugins and work together, for commands with a component.
#[derive(clap::Args, Debug)]
pub struct ComponentWorkArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub work: WorkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub plugins: PluginFolderArgs,
}
