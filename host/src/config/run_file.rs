//! The tables of a run file. Named tables, never arrays, so that each value can be overridden.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    Arm, Claim, ComponentChoice, ComputeDevice, DenoiserConfig, EvaluationConfig, FiguresConfig, GenerationConfig,
    IdSet, MetricsConfig, TrainingConfig,
};
use crate::{data::DataConfig, statistics::StatisticsConfig};

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
    /// Collectives among the processes of the run; without it the run is one process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communicator: Option<ComponentChoice>,
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
    /// Threads that a component may use, and the host's own work; 0 for all cores. libtorch's sums depend on it in their last bits, so fix it to compare runs.
    #[serde(default)]
    pub threads: usize,
    /// Where components that can shall compute: `auto` (the first GPU where there is one), `cpu`, `cuda` or `cuda:N`. It changes the last bits of what
    /// networks compute, and so no finished stage is done again for it.
    #[serde(default, skip_serializing_if = "ComputeDevice::is_auto")]
    pub device: ComputeDevice,
    /// Seconds that a component has to return after the user has asked to stop; then the process ends, with what is finished kept.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub cancel_grace: u64,
    /// The run folder; `runs/<name of the run file, or of its folder where it is called run.toml>` by default.
    #[serde(default)]
    pub out: Option<PathBuf>,
    /// Lines of credit for the report: data, weights.
    #[serde(default)]
    pub credits: BTreeMap<String, String>,
}

fn ten() -> u64 {
    10
}

fn is_ten(seconds: &u64) -> bool {
    *seconds == ten()
}
