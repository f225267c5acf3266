//! The stages in order, and what each will do.

use std::{collections::BTreeSet, fmt};

use ficta_core::{Error, ErrorKind, Kind, Result};
use serde_json::json;

use super::{PluginsLock, RunFolder, Stage, StageRecord, stage::Fingerprints};
use crate::{config::ComponentChoice, nearest::suggestion, registry::Registry, storage::hash};

/// What will become of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Its outputs are there and what they were made from has not changed.
    UpToDate,
    /// It goes on where it was stopped.
    Resume,
    /// It runs, for this reason.
    Run(String),
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpToDate => f.write_str("up to date"),
            Self::Resume => f.write_str("goes on"),
            Self::Run(why) => write!(f, "runs ({why})"),
        }
    }
}

/// A stage and what will become of it.
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// Hash of all that its outputs depend on.
    pub fingerprint: String,
    /// What will become of it.
    pub state: StepState,
}

/// The stages of a run in order.
pub struct Plan {
    /// Stages.
    pub steps: Vec<Step>,
    /// The libraries that they use.
    pub lock: PluginsLock,
}

impl Plan {
    /// Checks every component's parameters (also of those that the stages share, on which no output depends), computes the fingerprints and looks at what is there.
    ///
    /// # Errors
    /// The first component or parameter that cannot be.
    pub fn new(
        stages: Vec<Stage>,
        shared: &[(Kind, ComponentChoice)],
        registry: &Registry,
        seed: u64,
        folder: &RunFolder,
    ) -> Result<Self> {
        for (kind, choice) in shared {
            registry.check(*kind, &choice.plugin, &choice.params)?;
        }
        for stage in &stages {
            for (kind, choice) in stage.called() {
                registry
                    .check(*kind, &choice.plugin, &choice.params)
                    .map_err(|e| e.context(format!("stage {}", stage.id)))?;
            }
        }
        check_values(&stages, registry)?;
        let lock = PluginsLock::of(&stages, shared, registry)?;
        let mut prints = Fingerprints::new();
        let mut steps = Vec::new();
        for stage in stages {
            let fingerprint = fingerprint(&stage, seed, &lock, &prints);
            prints.insert(stage.id.clone(), fingerprint.clone());
            let state = state(&stage, &fingerprint, folder, &steps);
            steps.push(Step {
                stage,
                fingerprint,
                state,
            });
        }
        Ok(Self { steps, lock })
    }

    /// Leaves out what comes after `stage`, which is a stage's name or its first part (`generate` for all of `generate/...`).
    ///
    /// # Errors
    /// No such stage; the nearest are in the message.
    pub fn until(&mut self, stage: &str) -> Result<()> {
        let belongs = |id: &str| id == stage || id.strip_prefix(stage).is_some_and(|rest| rest.starts_with('/'));
        match self.steps.iter().rposition(|s| belongs(&s.stage.id)) {
            Some(last) => self.steps.truncate(last + 1),
            None => {
                let near = suggestion(stage, self.steps.iter().map(|s| s.stage.id.as_str()));
                return Err(Error::config(format!("--until {stage}: no such stage; {near}")));
            }
        }
        Ok(())
    }
}

/// What no schema can say of parameters, a component says when it is built. Encoders are left out: they read their weights then, and are
/// the first to be used anyway. Other errors than of the configuration (a panic) belong to the stage that meets them.
fn check_values(stages: &[Stage], registry: &Registry) -> Result<()> {
    let mut seen = BTreeSet::new();
    for stage in stages {
        for (kind, choice) in stage.called() {
            if *kind == Kind::ENCODER || !seen.insert((*kind, choice.plugin.clone(), choice.params.to_string())) {
                continue;
            }
            match registry.construct(*kind, &choice.plugin, &choice.params) {
                Err(e) if e.kind() == ErrorKind::CONFIG => return Err(e.context(format!("stage {}", stage.id))),
                _ => {}
            }
        }
    }
    Ok(())
}

fn fingerprint(stage: &Stage, seed: u64, lock: &PluginsLock, prints: &Fingerprints) -> String {
    let components: Vec<_> = stage
        .components
        .iter()
        .map(|(kind, c)| json!([kind.name(), c.plugin, c.params, lock.hash_of(*kind, &c.plugin)]))
        .collect();
    let inputs: Vec<_> = stage.inputs.iter().map(|id| json!([id, prints.get(id)])).collect();
    let all = json!({
        "ficta": env!("CARGO_PKG_VERSION"),
        "stage": stage.id,
        "params": stage.params,
        "components": components,
        "inputs": inputs,
        "seed": seed,
    });
    hash::of_bytes(all.to_string().as_bytes())
}

fn state(stage: &Stage, fingerprint: &str, folder: &RunFolder, before: &[Step]) -> StepState {
    let place = folder.stage(&stage.id);
    match StageRecord::read(&place) {
        Some(record) if record.fingerprint == fingerprint => match record.damaged(&place) {
            None => return StepState::UpToDate,
            Some(file) => return StepState::Run(format!("{file} is missing or damaged")),
        },
        _ if folder.work(&stage.id, fingerprint).0.exists() => return StepState::Resume,
        None => return StepState::Run("new".into()),
        Some(_) => {}
    }
    let changed = before
        .iter()
        .find(|s| stage.inputs.contains(&s.stage.id) && s.state != StepState::UpToDate);
    StepState::Run(match changed {
        Some(step) => format!("{} changes", step.stage.id),
        None => "its parameters, plugins or seed changed".into(),
    })
}
