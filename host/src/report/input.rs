//! What the pipeline fills and the report shows.
//!
//! Plain data. All numbers are raw: accuracies, rates and shares are fractions of 1, similarities are cosines. NaN stands for
//! "not known" and is shown as a dash. Lists may be empty: the section then says so or is left out. Nothing here may hold
//! times, paths or anything else that differs between two runs of the same inputs: the report is the same, byte for byte.

use serde::Serialize;

pub use super::charts_input::*;
pub use super::figures_input::*;

/// Everything that a report shows.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// What was run.
    pub header: Header,
    /// The comparison of training sets.
    pub arms: Arms,
    /// Paired comparisons between two arms, printed whatever they say.
    pub claims: Vec<Claim>,
    /// Pictures.
    pub figures: Figures,
    /// Curves and distributions.
    pub charts: Charts,
    /// Metrics of the generated sets, in the order to be shown.
    pub metrics: Vec<Metric>,
    /// What is the paper's and what is ours.
    pub provenance: Vec<Provenance>,
    /// One credit or licence line each (data sets, weights, plugins).
    pub credits: Vec<String>,
    /// What a reader must know before trusting the figures, for example an arm at chance.
    pub warnings: Vec<String>,
    /// The resolved configuration, as TOML.
    pub resolved_config: String,
    /// The text of `plugins.lock`.
    pub plugins_lock: String,
}

/// What was run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Header {
    /// Name of the run.
    pub run: String,
    /// Seed of the run.
    pub seed: u64,
    /// Version of ficta.
    pub version: String,
    /// Further facts as name and value, for example ("real set", "ORL, 30 IDs x 10 images"), ("encoder", "dlib, centred").
    pub facts: Vec<(String, String)>,
}

/// A value with its 95% bootstrap interval and the values it is the mean of.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Estimate {
    /// The mean over seeds (or the only value).
    pub mean: f64,
    /// Lower and upper end of the 95% bootstrap interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// The value of each seed, in the order of the seeds; may be empty.
    pub per_seed: Vec<f64>,
}

impl Estimate {
    /// A value without an interval.
    pub fn value(mean: f64) -> Self {
        Self {
            mean,
            ..Self::default()
        }
    }

    /// A value with its 95% interval.
    pub fn with_interval(mean: f64, lower: f64, upper: f64) -> Self {
        Self {
            mean,
            interval: Some((lower, upper)),
            per_seed: Vec::new(),
        }
    }

    /// A value that is not known.
    pub fn unknown() -> Self {
        Self::value(f64::NAN)
    }
}

/// The comparison of training sets.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Arms {
    /// Names of the verification sets, in the order of [`Arm::sets`].
    pub sets: Vec<String>,
    /// Those of the sets that [`Arm::average`] is the mean over; none: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub averaged: Vec<String>,
    /// The false acceptance rates at which [`SetResult::tar`] is given, as fractions (0.01 is 1%).
    pub far: Vec<f64>,
    /// Name of the arm that gaps refer to; the arm of real images. `None`: the first arm with [`Authenticity::Real`].
    pub reference: Option<String>,
    /// One row each, in the order to be shown.
    pub rows: Vec<Arm>,
    /// How the intervals were made, for example "95% percentile bootstrap over people and seeds, 2,000 resamples".
    pub interval_method: String,
    /// How accuracy was measured, for example "10-fold, flip-sum, cosine; folds do not share people; 450 + 450 pairs".
    pub protocol: String,
    /// Further footnotes.
    pub notes: Vec<String>,
}

/// Where the IDs and images of an arm come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authenticity {
    /// Photographs of real people.
    Real,
    /// Generated images of real people.
    SyntheticReal,
    /// Generated images of people who do not exist.
    Fictional,
    /// Photographs and generated images together.
    Mixed,
}

/// One training set and what training on it gave.
#[derive(Debug, Clone, Serialize)]
pub struct Arm {
    /// Name in the run file, for example "fictional-20".
    pub name: String,
    /// Where IDs and images come from.
    pub authenticity: Authenticity,
    /// Number of IDs (classes).
    pub ids: u64,
    /// Mean number of images per ID.
    pub images_per_id: f64,
    /// Optimizer steps of each training.
    pub optimizer_steps: u64,
    /// Seeds trained with.
    pub seeds: Vec<u64>,
    /// One result per verification set, in the order of [`Arms::sets`].
    pub sets: Vec<SetResult>,
    /// Mean accuracy over [`Arms::averaged`], with its interval.
    pub average: Estimate,
    /// 95% interval of this arm's average minus the reference arm's, paired over people and seeds.
    pub difference_interval: Option<(f64, f64)>,
    /// Where evaluations chose the weights of a training: how, a line for each seed. The arm is marked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selected: Vec<String>,
}

impl Arm {
    /// The name as tables show it: with a mark where evaluations chose its weights.
    pub fn marked_name(&self) -> String {
        match self.selected.is_empty() {
            true => self.name.clone(),
            false => format!("{} {SELECTED_MARK}", self.name),
        }
    }
}

/// Stands behind the name of an arm whose weights were chosen by evaluation.
pub const SELECTED_MARK: &str = "†";

/// Verification of one arm on one set.
#[derive(Debug, Clone, Serialize)]
pub struct SetResult {
    /// Verification accuracy, fraction.
    pub accuracy: Estimate,
    /// True acceptance rate at each of [`Arms::far`], fraction.
    pub tar: Vec<Estimate>,
    /// Equal error rate, fraction.
    pub eer: Estimate,
}

/// One statement that the run puts to the test.
#[derive(Debug, Clone, Serialize)]
pub struct Claim {
    /// For example "Variance-based interpolation against midpoint".
    pub title: String,
    /// What is expected and by whom, for example "[paper] variance-based interpolation improves FR"; may be empty.
    pub expectation: String,
    /// The measurements that bear on it.
    pub comparisons: Vec<Comparison>,
}

/// One measure under two conditions.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What is measured, for example "Avg accuracy" or "Uniqueness U".
    pub measure: String,
    /// How the numbers are printed.
    pub unit: Unit,
    /// Which direction is the better one.
    pub better: Better,
    /// Name and value of the first side, for example ("fictional-20", 0.912).
    pub first: (String, f64),
    /// Name and value of the second side (the baseline).
    pub second: (String, f64),
    /// First minus second.
    pub difference: f64,
    /// 95% interval of the difference, paired.
    pub interval: Option<(f64, f64)>,
}

/// How a number is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A fraction of 1, printed in percent; differences in percentage points.
    Percent,
    /// A number, printed with three decimals.
    Plain,
    /// A whole number.
    Count,
}

/// Which direction is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Larger values are better.
    Higher,
    /// Smaller values are better.
    Lower,
    /// Neither.
    Neither,
}

/// A metric of one set of images, with all that is needed to repeat it.
#[derive(Debug, Clone, Serialize)]
pub struct Metric {
    /// The measured set, for example "fictional-20".
    pub set: String,
    /// Name, for example "U" or "fictional-to-real cosine (95th percentile)".
    pub name: String,
    /// Value.
    pub value: f64,
    /// 95% interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// How the number is printed.
    pub unit: Unit,
    /// Which direction is the better one.
    pub better: Better,
    /// Convention, for example "cosine similarity, greedy ball count over class centres".
    pub convention: String,
    /// Threshold, where the metric has one (in the terms of the convention).
    pub threshold: Option<f64>,
    /// The network that measured.
    pub evaluator: String,
    /// The seed that entered (pairs drawn, subsets), where one did.
    pub seed: Option<u64>,
}

/// Whose idea a part of the method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Stands in the paper, its abstract or its supplement.
    Paper,
    /// Our reconstruction.
    Ours,
    /// From another published work.
    Peers,
}

/// One statement about the origin of a part of the method.
#[derive(Debug, Clone, Serialize)]
pub struct Provenance {
    /// The part, for example "Interpolation rule std-ratio".
    pub part: String,
    /// Whose it is.
    pub source: Source,
    /// One sentence.
    pub note: String,
}
