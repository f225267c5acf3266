//! The generated sets of a plan.

use serde::Serialize;

use crate::{
    config::{REAL, RunConfig},
    pipeline::{Plan, StepState, stages::generated_sets},
    registry::Registry,
};

use super::Photographed;

/// A stage that makes images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// Its name.
    pub stage: String,
    /// Identities, where they are known before the selection.
    pub identities: Option<usize>,
    /// Images of each.
    pub images_per_id: usize,
    /// How often the network is asked for each image, where the sampler tells.
    pub predictions: Option<u64>,
    /// Whether it is done already.
    pub up_to_date: bool,
}

impl Generation {
    /// Images in all.
    pub fn images(&self) -> Option<u64> {
        Some((self.identities? as u64).saturating_mul(self.images_per_id as u64))
    }
}

/// The stages of a plan that make images. What the components do not tell before they are built stays open.
pub fn generations(config: &RunConfig, plan: &Plan, registry: &Registry, real: Photographed) -> Vec<Generation> {
    let predictions = predictions(config, registry);
    let sets = generated_sets(config);
    let generation = |(ids, images): (&String, &usize)| {
        let stage = format!("generate/{ids}");
        let step = plan.steps.iter().find(|step| step.stage.id == stage)?;
        let identities = match config.ids.get(ids).map(|set| set.count) {
            Some(count) => Some(count).filter(|count| *count > 0),
            None if ids == REAL => Some(real.people),
            None => None,
        };
        Some(Generation {
            identities,
            images_per_id: *images,
            predictions,
            up_to_date: step.state == StepState::UpToDate,
            stage,
        })
    };
    sets.iter().filter_map(generation).collect()
}

fn predictions(config: &RunConfig, registry: &Registry) -> Option<u64> {
    let (denoiser, sampler) = (config.denoiser.as_ref()?, config.sampler.as_ref()?);
    let network = registry.denoiser(&denoiser.plugin, &denoiser.params).ok()?;
    let sampler = registry.sampler(&sampler.plugin, &sampler.params).ok()?;
    sampler.predictions(network.info().alpha_bar.len())
}
