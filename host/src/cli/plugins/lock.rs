//! `ficta plugins lock`.

use crate::cli::own_stdout::out;
use ficta_core::Result;
use serde_json::json;

use crate::{
    cli::{args::LockArgs, run::Prepared},
    pipeline::PluginsLock,
    storage::json as json_file,
};

/// Writes the libraries that a run would use now into its folder, so that the next run accepts them.
pub fn lock(args: &LockArgs, as_json: bool) -> Result<()> {
    let Prepared { folder, plan, .. } = Prepared::new(&args.file)?;
    let _held = folder.lock()?;
    let file = folder.root().join(PluginsLock::FILE);
    let before = PluginsLock::read(&file)?;
    let changes = before
        .as_ref()
        .map(|before| before.changes(&plan.lock))
        .unwrap_or_default();
    json_file::write(&file, &plan.lock)?;
    if as_json {
        out!("{:#}", json!({"lock": file, "plugins": plan.lock, "changes": changes}));
        return Ok(());
    }
    for change in &changes {
        out!("{change}");
    }
    out!("{}: {} libraries", file.display(), plan.lock.plugins.len());
    Ok(())
}
