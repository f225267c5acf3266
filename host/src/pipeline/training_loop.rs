//! Steps with checkpoints: what both trainings share.

use std::path::Path;

use ficta_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Place,
    training_events::{EVENTS, Point, write_events},
};
use crate::storage::{atomic, json};

/// The loss of each step.
pub const LOSSES: &str = "loss.jsonl";

/// Something that is trained step by step.
pub trait Trainable {
    /// Does step `step` and returns its loss.
    ///
    /// # Errors
    /// The component's.
    fn step(&mut self, step: usize) -> Result<f64>;
    /// Writes a checkpoint.
    ///
    /// # Errors
    /// The component's.
    fn save(&self, path: &Path) -> Result<()>;
    /// Goes back to a checkpoint, and to the loss's state that came with it.
    ///
    /// # Errors
    /// The component's.
    fn load(&mut self, path: &Path, loss_state: &[u8]) -> Result<()>;
    /// What the loss must remember.
    ///
    /// # Errors
    /// The component's.
    fn loss_state(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
    /// What else must be remembered with a checkpoint.
    ///
    /// # Errors
    /// It cannot be told in JSON.
    fn memory(&self) -> Result<Value> {
        Ok(Value::Null)
    }
    /// Takes up what [`Trainable::memory`] gave with the checkpoint that was loaded.
    ///
    /// # Errors
    /// It is of another form.
    fn recall(&mut self, _memory: &Value) -> Result<()> {
        Ok(())
    }
    /// Sees the losses so far, after each step.
    fn watch(&self, _losses: &[f64]) {}
    /// Why its numbers are finite no more, where the circumstances tell.
    fn why_diverged(&self) -> Option<String> {
        None
    }
    /// Called when a checkpoint has been written, with the losses so far.
    ///
    /// # Errors
    /// The work's.
    fn checkpointed(&self, _losses: &[f64]) -> Result<()> {
        Ok(())
    }
    /// Called after each step that is done.
    ///
    /// # Errors
    /// The work's.
    fn after(&mut self, _done: usize) -> Result<()> {
        Ok(())
    }
}

/// Where a training stands. Written after its checkpoint, so that it never names one that is not whole.
#[derive(Default, Deserialize, Serialize)]
struct State {
    checkpoint: String,
    losses: Vec<f64>,
    loss_state: Vec<u8>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    memory: Value,
}

#[derive(Serialize)]
struct LossLine {
    step: usize,
    loss: f64,
}

/// Trains for `steps` steps from the last checkpoint in the place's resume folder and returns every step's loss.
///
/// # Errors
/// The component's; a loss that is not finite.
pub fn train(place: &Place<'_>, steps: usize, checkpoint_every: usize, what: &mut dyn Trainable) -> Result<Vec<f64>> {
    let state_file = place.resume.join("state.json");
    let mut state: State = match std::fs::read(&state_file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|e| Error::data(format!("{}: {e}", state_file.display())).help("remove the run's .work folder"))?,
        Err(_) => State::default(),
    };
    if !state.losses.is_empty() {
        what.load(&place.resume.join(&state.checkpoint), &state.loss_state)?;
        what.recall(&state.memory)
            .map_err(|e| e.context(state_file.display()).help("remove the run's .work folder"))?;
    }
    let ctx = place.ctx();
    for step in state.losses.len()..steps {
        let loss = what.step(step).and_then(|loss| match loss.is_finite() {
            true => Ok(loss),
            false => Err(Error::diverged(format!("the loss of step {step} is {loss}"))
                .help("lower the learning rate, or lengthen its warm-up")),
        });
        let loss = loss.map_err(|error| match what.why_diverged() {
            // The component knows its parameters, we the circumstances.
            Some(why) if error.kind() == ErrorKind::DIVERGED => {
                let own = error.help_text().map(|own| format!("; {own}")).unwrap_or_default();
                error.help(why + &own)
            }
            _ => error,
        })?;
        state.losses.push(loss);
        what.watch(&state.losses);
        what.after(step + 1)?;
        if (step + 1) % checkpoint_every == 0 && step + 1 < steps {
            let old = std::mem::replace(&mut state.checkpoint, format!("step-{:07}.safetensors", step + 1));
            what.save(&place.resume.join(&state.checkpoint))?;
            (state.loss_state, state.memory) = (what.loss_state()?, what.memory()?);
            json::write(&state_file, &state)?;
            what.checkpointed(&state.losses)?;
            if !old.is_empty() {
                let _ = std::fs::remove_file(place.resume.join(old));
            }
        }
        ctx.progress(step as u64 + 1, steps as u64, "steps")?;
    }
    Ok(state.losses)
}

/// Writes the losses so far, as JSON lines ([`LOSSES`]) and, with the learning rate of each step and what else there is of some, for TensorBoard ([`EVENTS`]).
///
/// # Errors
/// Writing failed.
pub fn write_curves(folder: &Path, losses: &[f64], rate: impl Fn(usize) -> f64, points: &[Point]) -> Result<()> {
    let rates: Vec<_> = (0..losses.len()).map(rate).collect();
    let curves = [("loss", losses), ("learning_rate", &*rates)];
    write_events(&folder.join(EVENTS), &curves, points)?;
    write_losses(&folder.join(LOSSES), losses)
}

fn write_losses(path: &Path, losses: &[f64]) -> Result<()> {
    let mut text = String::new();
    for (step, &loss) in losses.iter().enumerate() {
        let line = serde_json::to_string(&LossLine { step: step + 1, loss })
            .map_err(|e| Error::data(format!("loss of step {step}: {e}")))?;
        text.push_str(&line);
        text.push('\n');
    }
    atomic::write_bytes(path, text.as_bytes())
}
