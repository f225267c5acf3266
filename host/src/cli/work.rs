//! What commands that work on files share: threads, progress, Ctrl-C.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ficta_core::{Error, Result};

use super::args::PluginFolderArgs;
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
        let threads = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            given => given,
        };
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|e| Error::backend(format!("starting {threads} threads: {e}")))?;
        let cancelled = stop_on_ctrl_c("stopping (Ctrl-C once more ends it at once)", || {})?;
        let host = RunHost::new(seed, threads, self.quiet, cancelled);
        host.enter(what);
        Ok(host)
    }
}

/// A flag that the first Ctrl-C sets, with a word to the user and `then`. The second does not wait for a plugin that does not listen.
///
/// # Errors
/// Ctrl-C cannot be handled.
pub fn stop_on_ctrl_c(words: &'static str, then: impl Fn() + Send + 'static) -> Result<Arc<AtomicBool>> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = cancelled.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            crate::crash_notice::exit(3);
        }
        eprintln!("{words}");
        then();
    })
    .map_err(|e| Error::io(format!("Ctrl-C cannot be handled: {e}")))?;
    Ok(cancelled)
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
