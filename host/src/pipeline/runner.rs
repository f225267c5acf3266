//! Runs what a plan says.

use std::{
    fs,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use ficta_core::{Error, Result};

use super::{Place, Plan, RunFolder, StepState};
use crate::{
    at_work,
    registry::Registry,
    run_host::{RunHost, minutes},
    storage::atomic,
};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Stages that ran.
    pub ran: usize,
    /// Stages that were up to date.
    pub cached: usize,
}

/// `stage select/fictional (selector id-nms)`.
fn place_of(stage: &super::Stage) -> String {
    let components: Vec<_> = stage.called().map(|(kind, c)| format!("{kind} {}", c.plugin)).collect();
    match components.is_empty() {
        true => format!("stage {}", stage.id),
        false => format!("stage {} ({})", stage.id, components.join(", ")),
    }
}

/// Adds what to do about a full disk, whoever met it.
fn advise(error: Error) -> Error {
    let full = |text: &str| text.contains("No space left on device");
    if error.help_text().is_none() && (full(error.message()) || error.causes().any(full)) {
        return error.help("make room on the disk and run again: the run goes on where it stopped");
    }
    error
}

/// Runs the stages of `plan` that are not up to date. The caller holds the folder's lock.
///
/// # Errors
/// The first stage that fails; those before it keep their outputs, and what an earlier run left of this one stays too.
pub fn run(plan: &Plan, folder: &RunFolder, registry: &Registry, host: &RunHost, seed: u64) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    // A killed run may have left half-written files, which would be promoted with the rest.
    atomic::remove_leftovers(folder.root())?;
    for step in &plan.steps {
        let id = &step.stage.id;
        if step.state == StepState::UpToDate {
            folder.clear_work(id, &step.fingerprint)?;
            outcome.cached += 1;
            continue;
        }
        folder.finish_promotion(id, &step.fingerprint)?;
        if super::StageRecord::read(&folder.stage(id)).is_some_and(|r| r.fingerprint == step.fingerprint)
            && !matches!(&step.state, StepState::Run(why) if why.ends_with("damaged"))
        {
            outcome.cached += 1;
            continue;
        }
        let (dir, resume) = folder.work(id, &step.fingerprint);
        for path in [&dir, &resume] {
            fs::create_dir_all(path).map_err(|e| Error::io(format!("{}: {e}", path.display())))?;
        }
        host.say(&format!("{id}: {}", step.state));
        host.enter(id);
        at_work::set(&place_of(&step.stage));
        let started = Instant::now();
        let place = Place {
            dir,
            resume,
            root: folder.root(),
            plugins_lock: &plan.lock,
            registry,
            host,
            seed,
            hashes: Mutex::default(),
        };
        let done = (step.stage.work)(&place).map_err(|e| advise(e).context(place_of(&step.stage)));
        host.enter("");
        at_work::set("");
        done?;
        let known = place.hashes.into_inner().unwrap_or_else(PoisonError::into_inner);
        folder.promote(id, &step.fingerprint, &known).map_err(advise)?;
        host.say(&format!("{id}: done in {}", minutes(started.elapsed())));
        outcome.ran += 1;
    }
    Ok(outcome)
}
