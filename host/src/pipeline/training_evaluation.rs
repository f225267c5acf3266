//! Verification while a network is trained: figures to look at, and only where the user says so what decides which weights are kept.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use ficta_core::{Backbone, Error, Result, SaveKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Place,
    held_out::HeldOut,
    training_events::Point,
    verification_sets::{self, PROTOCOL, VAL_FAR},
};
use crate::{
    config::TrainingEvaluationConfig,
    evaluation::{VerificationSet, measure, verify},
    storage::atomic,
};

/// The figures of each evaluation, a line each.
pub const EVALUATIONS: &str = "evaluations.jsonl";
/// What is verified.
pub enum VerifiedSet {
    /// The run's held-out people.
    HeldOut(HeldOut),
    /// Pairs of images of a file.
    Pairs(VerificationSet),
}

/// When a training is evaluated, and on what.
pub struct TrainingEvaluation {
    every: usize,
    select: bool,
    sets: Vec<(String, VerifiedSet)>,
}

/// Accuracies after a step.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Evaluated {
    /// Steps done.
    pub step: usize,
    /// Verification accuracy by set.
    pub accuracy: BTreeMap<String, f64>,
    /// Mean over the sets.
    pub mean: f64,
}

/// Which evaluation chose the weights.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Selected {
    /// The step after which the weights were kept.
    pub step: usize,
    /// Their mean accuracy over the sets.
    pub accuracy: f64,
    /// The sets.
    pub sets: Vec<String>,
}

impl Selected {
    /// For whoever reads a figure of these weights.
    pub fn caution(&self) -> String {
        format!(
            "the weights are those of step {}, chosen because they verify best on {} ({:.2}%): figures on these sets, and on sets that share people with them, are too good",
            self.step,
            self.sets.join(", "),
            100.0 * self.accuracy
        )
    }
}

impl TrainingEvaluation {
    /// Opens the sets; images are not decoded yet.
    ///
    /// # Errors
    /// A set that cannot be opened, with its name.
    pub fn open(config: &TrainingEvaluationConfig, held_out: Option<HeldOut>) -> Result<Self> {
        let mut sets = Vec::new();
        if let Some(people) = held_out {
            sets.push((
                TrainingEvaluationConfig::HELD_OUT.to_owned(),
                VerifiedSet::HeldOut(people),
            ));
        }
        let named = verification_sets::open(&config.sets)?;
        sets.extend(named.into_iter().map(|(name, set)| (name, VerifiedSet::Pairs(set))));
        Ok(Self {
            every: config.every,
            select: config.select,
            sets,
        })
    }

    /// How many pairs each set has.
    fn pairs(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sets.iter().map(|(name, set)| {
            let pairs = match set {
                VerifiedSet::HeldOut(people) => people.pairs.pairs.len(),
                VerifiedSet::Pairs(pairs) => pairs.pairs.len(),
            };
            (name.as_str(), pairs)
        })
    }

    fn evaluate(&self, step: usize, network: &mut dyn Backbone, place: &Place<'_>) -> Result<Evaluated> {
        let mut accuracy = BTreeMap::new();
        for (name, set) in &self.sets {
            let of_set = match set {
                VerifiedSet::HeldOut(people) => people.verify(network, place).map(|verified| {
                    let ones = vec![1.0; verified.distances.len()];
                    verify(&verified.distances, &people.pairs, &ones).accuracy
                }),
                VerifiedSet::Pairs(pairs) => of_pairs(pairs, network, place),
            };
            accuracy.insert(
                name.clone(),
                of_set.map_err(|e| e.context(format!("evaluation on {name} after step {step}")))?,
            );
        }
        let mean = accuracy.values().sum::<f64>() / accuracy.len().max(1) as f64;
        Ok(Evaluated { step, accuracy, mean })
    }
}

/// Accuracy by InsightFace's protocol, as `ficta evaluate` gives it.
fn of_pairs(set: &VerificationSet, network: &mut dyn Backbone, place: &Place<'_>) -> Result<f64> {
    let (distances, _) = verification_sets::distances(set, network, place)?;
    Ok(measure(&distances, set.answers(), PROTOCOL, VAL_FAR)?.0.accuracy)
}

/// The evaluations of a training that goes on.
pub struct Monitor<'a> {
    settings: &'a TrainingEvaluation,
    done: Vec<Evaluated>,
}

impl<'a> Monitor<'a> {
    /// Before the first step.
    pub fn new(settings: &'a TrainingEvaluation) -> Self {
        Self {
            settings,
            done: Vec::new(),
        }
    }

    /// Evaluates if it is time, after `step` of `steps`; the weights are kept where they are the best so far and the best are asked for.
    ///
    /// # Errors
    /// The evaluation's; writing failed.
    pub fn after(&mut self, step: usize, steps: usize, network: &mut dyn Backbone, place: &Place<'_>) -> Result<()> {
        if !step.is_multiple_of(self.settings.every) && step != steps {
            return Ok(());
        }
        let found = place.host.uncounted(|| self.settings.evaluate(step, network, place))?;
        let each: Vec<_> = found
            .accuracy
            .iter()
            .map(|(name, a)| format!("{name} {:.2}%", 100.0 * a))
            .collect();
        let line = format!("step {step}: {}; mean {:.2}%", each.join(", "), 100.0 * found.mean);
        place.ctx().info(&line);
        self.done.push(found);
        if self.settings.select && self.best().is_some_and(|best| best.step == step) {
            network.save(&kept(place, step), SaveKind::WEIGHTS, &place.ctx())?;
        }
        Ok(())
    }

    /// Step, and name, accuracy and number of pairs of each set, where `step` has just been evaluated.
    pub fn just_found(&self, step: usize) -> Option<impl Iterator<Item = (&str, f64, usize)>> {
        let found = self.done.last().filter(|last| last.step == step)?;
        let of_set = |(name, pairs): (&'a str, usize)| Some((name, *found.accuracy.get(name)?, pairs));
        Some(self.settings.pairs().filter_map(of_set))
    }

    /// The best evaluation; of equals, the first.
    fn best(&self) -> Option<&Evaluated> {
        self.done.iter().reduce(|a, b| if b.mean > a.mean { b } else { a })
    }

    /// What a checkpoint must remember.
    ///
    /// # Errors
    /// None that figures can give.
    pub fn memory(&self) -> Result<Value> {
        serde_json::to_value(&self.done).map_err(|e| Error::data(format!("the evaluations: {e}")))
    }

    /// Goes back to a checkpoint.
    ///
    /// # Errors
    /// What was remembered is of another form, or the best weights are gone.
    pub fn recall(&mut self, memory: &Value, place: &Place<'_>) -> Result<()> {
        self.done = serde_json::from_value(memory.clone()).map_err(|e| Error::data(format!("its evaluations: {e}")))?;
        match self
            .best()
            .filter(|_| self.settings.select)
            .map(|best| kept(place, best.step))
        {
            Some(file) if !file.exists() => Err(Error::data(format!("{} is gone", file.display()))),
            _ => Ok(()),
        }
    }

    /// Removes weights that are the best no more, once no checkpoint wants them.
    pub fn tidy(&self, place: &Place<'_>) {
        let best = self.best().map(|best| kept(place, best.step));
        for entry in fs::read_dir(&place.resume).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with(KEPT) && Some(&path) != best.as_ref() {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Writes [`EVALUATIONS`] into a folder.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let mut text = String::new();
        for evaluated in &self.done {
            let line = serde_json::to_string(evaluated).map_err(|e| Error::data(format!("the evaluations: {e}")))?;
            text.push_str(&line);
            text.push('\n');
        }
        atomic::write_bytes(&folder.join(EVALUATIONS), text.as_bytes())
    }

    /// The figures as curves for TensorBoard.
    pub fn points(&self) -> Vec<Point> {
        let of_step = |evaluated: &Evaluated| {
            let named = evaluated.accuracy.iter().map(|(name, a)| (name.as_str(), *a));
            let point = |(name, value): (&str, f64)| Point {
                step: evaluated.step,
                name: format!("accuracy/{name}"),
                value,
            };
            named.chain([("mean", evaluated.mean)]).map(point).collect::<Vec<_>>()
        };
        self.done.iter().flat_map(of_step).collect()
    }

    /// Puts the weights that the evaluations chose at `to`, if they are to choose.
    ///
    /// # Errors
    /// Copying failed.
    pub fn select(&self, to: &Path, place: &Place<'_>) -> Result<Option<Selected>> {
        let Some(best) = self.best().filter(|_| self.settings.select) else {
            return Ok(None);
        };
        let from = kept(place, best.step);
        let mut weights = File::open(&from).map_err(|e| atomic::io_error("read", &from, &e))?;
        atomic::write_file(to, |mut out| io::copy(&mut weights, &mut out).map(drop))?;
        Ok(Some(Selected {
            step: best.step,
            accuracy: best.mean,
            sets: self.settings.sets.iter().map(|(name, _)| name.clone()).collect(),
        }))
    }
}

/// Begins the names of files with the best weights so far.
const KEPT: &str = "best-";

fn kept(place: &Place<'_>, step: usize) -> PathBuf {
    place.resume.join(format!("{KEPT}{step:07}.safetensors"))
}
