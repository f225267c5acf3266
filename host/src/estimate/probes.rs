//! Steps of a run's own networks on random images.

use std::time::Duration;

use ficta_core::{Result, TensorRef, random::Stream};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Calibration, calibrate};
use crate::{
    config::{REAL, RunConfig},
    data::{People, source},
    registry::Registry,
    run_host::RunHost,
};

/// The parameter of a backbone that divides a step into pieces.
const PIECES: &str = "train_micro_batch";

/// What the steps of a run take.
#[derive(Clone, Debug, Serialize)]
pub struct Estimate {
    /// Of the backbone, with its head and loss.
    pub backbone: Calibration,
    /// Classes of the head that it was measured with: those of the arm that has most.
    pub classes: usize,
    /// Of the denoiser, where the run has one.
    pub denoiser: Option<Calibration>,
    /// Threads.
    pub threads: usize,
}

/// Takes a few steps of the run's backbone and of its denoiser on random images, at most about `budget` for each.
///
/// # Errors
/// The components'.
pub fn estimate(config: &RunConfig, registry: &Registry, host: &RunHost, budget: Duration) -> Result<Estimate> {
    let classes = most_classes(config);
    host.enter("estimate");
    let backbone = host.uncounted(|| backbone(config, registry, host, classes, budget))?;
    let denoiser = match &config.denoiser {
        Some(_) => Some(host.uncounted(|| denoiser(config, registry, host, budget))?),
        None => None,
    };
    host.enter("");
    Ok(Estimate {
        backbone,
        classes,
        denoiser,
        threads: host.ctx().threads(),
    })
}

/// Classes of the arm that has most, as far as that is known before the run.
fn most_classes(config: &RunConfig) -> usize {
    let people = source::open(&config.data.path).and_then(|source| People::of(&*source));
    let real = people.map_or(0, |people| people.len().saturating_sub(config.data.held_out));
    let of_arm = |arm: &crate::config::Arm| {
        let photographed = if arm.real { real } else { 0 };
        let generated = match arm.ids.as_deref() {
            Some(REAL) => real.saturating_sub(photographed),
            Some(ids) => config.ids.get(ids).map_or(0, |set| set.count),
            None => 0,
        };
        photographed + generated
    };
    config.arms.values().map(of_arm).max().unwrap_or(0).max(2)
}

fn noise(count: usize) -> Vec<f32> {
    let mut stream = Stream::new(0, "estimate", 0, 0);
    (0..count).map(|_| (2.0 * stream.uniform() - 1.0) as f32).collect()
}

fn backbone(
    config: &RunConfig,
    registry: &Registry,
    host: &RunHost,
    classes: usize,
    budget: Duration,
) -> Result<Calibration> {
    let (choice, batch) = (&config.backbone, config.training.batch);
    let rate = config.training.learning_rate.at(0, config.training.steps);
    let mut loss = registry.loss(&config.loss.plugin, &config.loss.params)?;
    let mut made = None;
    let mut step = |images: usize| {
        let (size, network) = match &mut made {
            Some(made) => made,
            place => place.insert((0, registry.backbone(&choice.plugin, &choice.params)?)),
        };
        if *size != images {
            *network = registry.backbone(&choice.plugin, &scaled_down(&choice.params, images, batch))?;
            network.initialise(classes, 0, &host.ctx())?;
            *size = images;
        }
        let info = network.info();
        let shape = [images, info.channels, info.height, info.width];
        let (pixels, labels) = (
            noise(shape.iter().product()),
            (0..images).map(|i| (i % classes) as i64).collect::<Vec<_>>(),
        );
        network
            .train_step(
                TensorRef::new(&pixels, &shape)?,
                TensorRef::new(&labels, &[images])?,
                &mut *loss,
                rate,
                &host.ctx(),
            )
            .map(drop)
    };
    calibrate(batch, budget, &mut step).map_err(|e| e.context(format!("backbone `{}`", choice.plugin)))
}

/// The parameters for a step of fewer images in as many pieces as the whole one.
fn scaled_down(params: &Value, images: usize, batch: usize) -> Value {
    let mut params = params.clone();
    let piece = params.get(PIECES).and_then(Value::as_u64).unwrap_or(0) as usize;
    if (1..batch).contains(&piece) && images < batch {
        params[PIECES] = json!((piece * images / batch).max(2));
    }
    params
}

fn denoiser(config: &RunConfig, registry: &Registry, host: &RunHost, budget: Duration) -> Result<Calibration> {
    let Some(choice) = &config.denoiser else {
        return Err(ficta_core::Error::config("no [denoiser]"));
    };
    // The length of a condition hardly matters to the time; an encoder whose weights are not there yet is no reason to know nothing.
    let dim = registry
        .encoder(&config.encoder.plugin, &config.encoder.params)
        .map_or(512, |e| e.info().dim);
    let mut network = registry.denoiser(&choice.plugin, &choice.params)?;
    network.initialise(dim, 0, &host.ctx())?;
    let info = network.info();
    let rate = choice.training.learning_rate.at(0, choice.training.steps);
    let mut step = |images: usize| {
        let shape = [images, info.channels, info.height, info.width];
        let (pixels, conditions) = (noise(shape.iter().product()), noise(images * dim));
        let seeds: Vec<u64> = (0..images as u64).collect();
        network
            .train_step(
                TensorRef::new(&pixels, &shape)?,
                TensorRef::new(&conditions, &[images, dim])?,
                TensorRef::new(&seeds, &[images])?,
                rate,
                &host.ctx(),
            )
            .map(drop)
    };
    calibrate(choice.training.batch, budget, &mut step).map_err(|e| e.context(format!("denoiser `{}`", choice.plugin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_fewer_images_have_as_many_pieces() {
        let params = json!({"depth": 50, "train_micro_batch": 128});
        assert_eq!(scaled_down(&params, 64, 1024)["train_micro_batch"], 8);
        assert_eq!(scaled_down(&params, 8, 1024)["train_micro_batch"], 2);
        assert_eq!(scaled_down(&params, 1024, 1024), params);
        let whole = json!({"train_micro_batch": 0});
        assert_eq!(scaled_down(&whole, 64, 1024), whole);
        assert_eq!(scaled_down(&json!({}), 64, 1024), json!({}));
    }
}
