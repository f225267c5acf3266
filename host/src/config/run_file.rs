//! The tables of a run file. Named tables, never arrays, so that each value can be overridden.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{data::DataConfig, nearest::suggestion, statistics::StatisticsConfig};

/// A whole run.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Name, seed, threads, output folder.
    pub run: RunSection,
    /// The real faces.
    pub data: DataConfig,
    /// The frozen encoder that gives ID features and conditions.
    pub encoder: ComponentChoice,
    /// How identities are described.
    #[serde(default)]
    pub statistics: StatisticsConfig,
    /// Sets of fictional identities, by name.
    #[serde(default)]
    pub ids: BTreeMap<String, IdSet>,
    /// The generative network and its training. Needed as soon as an arm uses generated images.
    pub denoiser: Option<DenoiserConfig>,
    /// From noise to image.
    pub sampler: Option<ComponentChoice>,
    /// How images are made.
    #[serde(default)]
    pub generation: GenerationConfig,
    /// The network that each arm trains.
    pub backbone: ComponentChoice,
    /// The loss that it is trained with.
    pub loss: ComponentChoice,
    /// The recipe, the same for each arm.
    pub training: TrainingConfig,
    /// Training sets to compare, by name.
    pub arms: BTreeMap<String, Arm>,
    /// Pairs of arms whose difference is reported with an interval, by name.
    #[serde(default)]
    pub claims: BTreeMap<String, Claim>,
    /// Verification of held-out people.
    #[serde(default)]
    pub evaluation: EvaluationConfig,
    /// Metrics of the generated sets.
    #[serde(default)]
    pub metrics: MetricsConfig,
    /// Which sets figures 1 to 3 show.
    #[serde(default)]
    pub figures: FiguresConfig,
}

/// `[run]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunSection {
    /// Title in the report.
    pub name: String,
    /// Everything random follows from it.
    #[serde(default)]
    pub seed: u64,
    /// Threads a component may use; 0 for all cores. libtorch's sums depend on it in their last bits, so fix it to compare runs.
    #[serde(default)]
    pub threads: usize,
    /// The run folder; `runs/<name of the run file>` by default.
    #[serde(default)]
    pub out: Option<PathBuf>,
    /// Lines of credit for the report: data, weights.
    #[serde(default)]
    pub credits: BTreeMap<String, String>,
}

/// A plugin's component and its parameters.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentChoice {
    /// Name of the component.
    pub plugin: String,
    /// Its parameters.
    #[serde(default = "empty_object")]
    pub params: Value,
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

/// `[ids.NAME]`: candidates, and those that stay.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdSet {
    /// Makes candidates.
    pub proposer: ComponentChoice,
    /// How many candidates to ask for; 0 for all that there are.
    #[serde(default)]
    pub candidates: usize,
    /// Decides which stay.
    pub selector: ComponentChoice,
    /// How many selected identities images are made for, in order of selection; 0 for all.
    #[serde(default)]
    pub count: usize,
    /// A second selection on the centres of the generated images.
    #[serde(default)]
    pub second_selector: Option<ComponentChoice>,
}

/// `[denoiser]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiserConfig {
    /// Name of the component.
    pub plugin: String,
    /// Its parameters.
    #[serde(default = "empty_object")]
    pub params: Value,
    /// Its training.
    pub training: DenoiserTraining,
}

/// `[denoiser.training]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiserTraining {
    /// Optimizer steps.
    pub steps: usize,
    /// Images a step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: LearningRate,
    /// Mirror images at random.
    #[serde(default = "yes")]
    pub flip: bool,
    /// Steps between checkpoints.
    #[serde(default = "checkpoint_every")]
    pub checkpoint_every: usize,
    /// Steps between sample grids; 0 for none.
    #[serde(default)]
    pub sample_every: usize,
}

/// A learning rate over the steps of a training.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "schedule")]
pub enum LearningRate {
    /// Linear warm-up, then a half cosine to 0.
    Cosine {
        /// Highest value.
        peak: f64,
        /// Steps of warm-up.
        #[serde(default)]
        warmup: usize,
    },
    /// Linear warm-up, then constant, then divided by `divisor` at each milestone.
    Steps {
        /// Highest value.
        peak: f64,
        /// Steps of warm-up.
        #[serde(default)]
        warmup: usize,
        /// Fractions of the training, by name (10/30, 16/30, 21/30 and 25/30 in the paper's recipe).
        milestones: BTreeMap<String, f64>,
        /// What the rate is divided by.
        #[serde(default = "ten")]
        divisor: f64,
    },
}

impl LearningRate {
    /// The rate of step `step` of `steps`, from 0.
    pub fn at(&self, step: usize, steps: usize) -> f64 {
        let ramp = |warmup: usize| {
            if step < warmup {
                (step + 1) as f64 / warmup as f64
            } else {
                1.0
            }
        };
        match self {
            Self::Cosine { peak, warmup } if step < *warmup => peak * ramp(*warmup),
            Self::Cosine { peak, warmup } => {
                let done = (step - warmup) as f64 / steps.saturating_sub(*warmup).max(1) as f64;
                peak * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done))
            }
            Self::Steps {
                peak,
                warmup,
                milestones,
                divisor,
            } => {
                let passed = milestones
                    .values()
                    .filter(|m| step as f64 >= **m * steps as f64)
                    .count();
                peak * ramp(*warmup) / divisor.powi(passed as i32)
            }
        }
    }

    fn check(&self, key: &str) -> Result<()> {
        let (Self::Cosine { peak, .. } | Self::Steps { peak, .. }) = self;
        if !(peak.is_finite() && *peak > 0.0) {
            return Err(Error::config(format!(
                "{key}.peak is {peak}, expected a positive number"
            )));
        }
        if let Self::Steps {
            milestones, divisor, ..
        } = self
        {
            if let Some((name, m)) = milestones.iter().find(|(_, m)| !(0.0..=1.0).contains(*m)) {
                return Err(Error::config(format!(
                    "{key}.milestones.{name} is {m}, expected a fraction in 0..1"
                )));
            }
            if !(divisor.is_finite() && *divisor >= 1.0) {
                return Err(Error::config(format!(
                    "{key}.divisor is {divisor}, expected at least 1"
                )));
            }
        }
        Ok(())
    }
}

/// `[generation]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationConfig {
    /// Images a call of the sampler.
    pub batch: usize,
}

impl Default for GenerationConfig {
    fn default() -> Self {
        Self { batch: 64 }
    }
}

/// `[training]`: of each arm's backbone.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Optimizer steps, equal for all arms.
    pub steps: usize,
    /// Images a step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: LearningRate,
    /// Mirror images at random.
    #[serde(default = "yes")]
    pub flip: bool,
    /// Trainings of each arm that differ in their seed.
    #[serde(default = "one")]
    pub seeds: usize,
    /// Steps between checkpoints.
    #[serde(default = "checkpoint_every")]
    pub checkpoint_every: usize,
}

/// `[arms.NAME]`: one training set of the comparison.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Whether the real images belong to it.
    #[serde(default)]
    pub real: bool,
    /// A set of identities whose generated images belong to it: `real` for the real ones, or a name under `[ids]`.
    #[serde(default)]
    pub ids: Option<String>,
    /// Generated images for each identity.
    #[serde(default)]
    pub images: usize,
}

/// `[claims.NAME]`: the difference `first` - `second`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What is compared, in words.
    pub title: String,
    /// What is expected, and by whom.
    #[serde(default)]
    pub expectation: String,
    /// An arm.
    pub first: String,
    /// The arm it is compared with.
    pub second: String,
}

/// `[evaluation]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Folds of the verification protocol; fewer where there are too few people.
    pub folds: usize,
    /// Resamplings of people for the intervals.
    pub bootstrap: usize,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self {
            folds: 10,
            bootstrap: 1000,
        }
    }
}

/// `[metrics]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// False-match rate on real impostor pairs at which the cosine threshold r is calibrated.
    pub false_match_rate: f64,
    /// Neighbours of improved recall.
    pub neighbours: usize,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            false_match_rate: 1e-3,
            neighbours: 3,
        }
    }
}

/// `[figures]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FiguresConfig {
    /// The set of figures 1 to 3; the first by name where it is not given.
    pub set: Option<String>,
    /// The set that shows figure 1's identities without variance; none where it is not given.
    pub without_variance: Option<String>,
}

impl FiguresConfig {
    /// The sets to show, where there are any.
    pub fn sets(&self, ids: &BTreeMap<String, IdSet>) -> Option<(String, Option<String>)> {
        let with = self.set.clone().or_else(|| ids.keys().next().cloned())?;
        Some((with, self.without_variance.clone()))
    }
}

/// The name that stands for the real identities.
pub const REAL: &str = "real";

impl RunConfig {
    /// Checks what the types cannot say: names that refer to other tables, and ranges.
    ///
    /// # Errors
    /// The first that does not hold, with the key and what is allowed.
    pub fn check(&self) -> Result<()> {
        let positive = [
            ("training.steps", self.training.steps),
            ("training.batch", self.training.batch),
            ("training.seeds", self.training.seeds),
            ("training.checkpoint_every", self.training.checkpoint_every),
            ("generation.batch", self.generation.batch),
            ("evaluation.folds", self.evaluation.folds),
            ("metrics.neighbours", self.metrics.neighbours),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(Error::config(format!("{key} is 0, expected at least 1")));
            }
        }
        self.training.learning_rate.check("training.learning_rate")?;
        let rate = self.metrics.false_match_rate;
        if !(rate > 0.0 && rate < 1.0) {
            return Err(Error::config(format!(
                "metrics.false_match_rate is {rate}, expected a number between 0 and 1"
            )));
        }
        for name in self.ids.keys().chain(self.arms.keys()) {
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                return Err(Error::config(format!(
                    "`{name}`: names of arms and id sets are letters, digits, - and _"
                )));
            }
        }
        if self.ids.contains_key(REAL) {
            return Err(Error::config(
                "[ids.real]: `real` stands for the real identities; take another name",
            ));
        }
        self.check_arms()?;
        for (name, claim) in &self.claims {
            for (key, arm) in [("first", &claim.first), ("second", &claim.second)] {
                if !self.arms.contains_key(arm) {
                    let near = suggestion(arm, self.arms.keys().map(String::as_str));
                    return Err(Error::config(format!("claims.{name}.{key}: no arm `{arm}`; {near}")));
                }
            }
        }
        for (key, set) in [
            ("set", &self.figures.set),
            ("without_variance", &self.figures.without_variance),
        ] {
            if let Some(set) = set.as_ref().filter(|s| !self.ids.contains_key(*s)) {
                let near = suggestion(set, self.ids.keys().map(String::as_str));
                return Err(Error::config(format!(
                    "figures.{key}: no set of identities `{set}`; {near}"
                )));
            }
        }
        if let Some(denoiser) = &self.denoiser {
            denoiser
                .training
                .learning_rate
                .check("denoiser.training.learning_rate")?;
            let t = &denoiser.training;
            if t.steps == 0 || t.batch == 0 || t.checkpoint_every == 0 {
                return Err(Error::config(
                    "denoiser.training: steps, batch and checkpoint_every must be at least 1",
                ));
            }
        }
        Ok(())
    }

    fn check_arms(&self) -> Result<()> {
        if self.arms.is_empty() {
            return Err(Error::config(
                "no [arms.NAME]: a run compares at least one training set",
            ));
        }
        for (name, arm) in &self.arms {
            match &arm.ids {
                None if !arm.real => {
                    return Err(Error::config(format!(
                        "arms.{name} is empty: set `real = true`, `ids`, or both"
                    )));
                }
                None => {}
                Some(_) if arm.images == 0 => {
                    return Err(Error::config(format!(
                        "arms.{name}.images is 0, expected images for each identity"
                    )));
                }
                Some(ids) if ids != REAL && !self.ids.contains_key(ids) => {
                    let known = self.ids.keys().map(String::as_str).chain([REAL]);
                    let near = suggestion(ids, known);
                    return Err(Error::config(format!(
                        "arms.{name}.ids: no set of identities `{ids}`; {near}"
                    )));
                }
                Some(_) if self.denoiser.is_none() || self.sampler.is_none() => {
                    return Err(Error::config(format!(
                        "arms.{name} wants generated images, but there is no [denoiser] or no [sampler]"
                    )));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn yes() -> bool {
    true
}
fn one() -> usize {
    1
}
fn ten() -> f64 {
    10.0
}
fn checkpoint_every() -> usize {
    200
}
