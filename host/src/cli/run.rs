//! `ficta run`.

use std::{ffi::OsStr, path::Path};

use ficta_core::{Communicator, Error, Kind, Result};
use serde_json::json;

use super::{
    args::{RunArgs, RunFileArgs},
    cancellation,
    own_stdout::out,
    plugin_folders::registry,
    threads,
};
use crate::{
    config::{ComponentChoice, Layers, RunConfig},
    pipeline::{self, Plan, PluginsLock, RunFolder, stages},
    registry::Registry,
    run_host::RunHost,
    storage::{atomic, json as json_file},
};

/// The component for collectives. The stages are not shared out among processes, so it must be of one.
fn communicator(registry: &Registry, choice: &ComponentChoice) -> Result<Box<dyn Communicator>> {
    let one = registry.communicator(&choice.plugin, &choice.params)?;
    match one.size() {
        1 => Ok(one),
        n => Err(Error::unsupported(format!(
            "communicator `{}` is of {n} processes, but a run cannot be shared out yet",
            choice.plugin
        ))
        .help("start it as one process")),
    }
}

/// A run file that was read and planned.
pub struct Prepared {
    pub config: RunConfig,
    pub folder: RunFolder,
    pub registry: Registry,
    pub plan: Plan,
}

impl Prepared {
    /// Reads, checks and plans; nothing is run or written.
    pub fn new(args: &RunFileArgs) -> Result<Self> {
        let mut config = Layers {
            file: args.run_file.clone(),
            set: args.set.clone(),
        }
        .read()?;
        config.run.threads = threads::keep_to(config.run.threads)?;
        let registry = registry(&args.plugins)?;
        let out = args
            .out
            .clone()
            .or_else(|| config.run.out.clone())
            .unwrap_or_else(|| Path::new("runs").join(name_of(&args.run_file)));
        let folder = RunFolder::at(out);
        let shared: Vec<_> = config
            .communicator
            .iter()
            .map(|c| (Kind::COMMUNICATOR, c.clone()))
            .collect();
        let mut plan = Plan::new(stages::all(&config)?, &shared, &registry, config.run.seed, &folder)?;
        if let Some(stage) = &args.until {
            plan.until(stage)?;
        }
        Ok(Self {
            config,
            folder,
            registry,
            plan,
        })
    }
}

/// What a run is called by its file: `orl` for `orl.toml`, and for `orl/run.toml`.
fn name_of(run_file: &Path) -> &OsStr {
    let stem = run_file.file_stem().unwrap_or_default();
    let folder = run_file.parent().and_then(Path::file_name);
    folder.filter(|_| stem == "run").unwrap_or(stem)
}

pub fn run(args: &RunArgs, as_json: bool) -> Result<()> {
    let cancelled = cancellation::on_ctrl_c_of_a_run()?;
    let Prepared {
        config,
        folder,
        registry,
        plan,
    } = Prepared::new(&args.file)?;
    let _held = folder.lock()?;
    if !args.relock {
        plan.lock.verify(folder.root())?;
    }
    let lock = folder.root().join(PluginsLock::FILE);
    // A run that fails or is killed is taken up with the libraries that it was begun with.
    if !lock.exists() {
        json_file::write(&lock, &plan.lock)?;
    }
    cancellation::grace(config.run.cancel_grace);
    let mut host =
        RunHost::new(config.run.seed, config.run.threads, args.quiet, cancelled).on(config.run.device.here());
    if let Some(choice) = &config.communicator {
        host = host.with_communicator(communicator(&registry, choice)?);
    }
    for warning in pipeline::feasibility::warnings(&config, &registry, &plan, &folder) {
        host.say(&format!("warning: {warning}"));
    }
    // Before the first stage: also a run that fails or is killed says what it was asked for.
    let text = toml::to_string_pretty(&config).map_err(|e| Error::config(format!("the resolved config: {e}")))?;
    atomic::write_bytes(&folder.root().join("config.toml"), text.as_bytes())?;
    let outcome = pipeline::run(&plan, &folder, &registry, &host, config.run.seed)?;
    // Only now: what an earlier run left is described by its own libraries until there is something else.
    json_file::write(&lock, &plan.lock)?;
    if outcome.ran == 0 {
        host.say(&format!("every stage is up to date ({} stages)", outcome.cached));
    }
    let report = folder.stage("report");
    if as_json {
        out!(
            "{:#}",
            json!({"run": folder.root(), "ran": outcome.ran, "cached": outcome.cached, "report": report.join("index.html")})
        );
        return Ok(());
    }
    if plan.steps.iter().any(|s| s.stage.id == "report") {
        super::report::show(&report)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_called_by_its_file_or_the_folder_of_one_called_run() {
        for (file, name) in [
            ("orl.toml", "orl"),
            ("examples/orl/quick.toml", "quick"),
            ("examples/orl/run.toml", "orl"),
            ("run.toml", "run"),
        ] {
            assert_eq!(name_of(Path::new(file)), name);
        }
    }
}
