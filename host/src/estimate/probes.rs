//! Steps of a run's own networks on random images.

use std::time::Duration;

use ficta_core::{Denoiser, Result, TensorMut, TensorRef, random::Stream};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Calibration, Photographed, calibrate};
use crate::{
    config::{DenoiserConfig, REAL, RunConfig},
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
    /// Of one prediction of the denoiser for a batch of `generation.batch`, where the run has one.
    pub prediction: Option<Calibration>,
    /// Of the encoder on [`ENCODED`] images of `data.full_size`, else `data.size`, where its weights are there.
    pub encoder: Option<Calibration>,
    /// Threads.
    pub threads: usize,
}

/// Images that the encoder is measured with.
pub const ENCODED: usize = 64;

/// Takes a few steps of the run's backbone and of its denoiser on random images, asks the denoiser for a few predictions and the encoder for a few features,
/// at most about `budget` for each.
///
/// # Errors
/// The components'.
pub fn estimate(
    config: &RunConfig,
    registry: &Registry,
    host: &RunHost,
    real: Photographed,
    budget: Duration,
) -> Result<Estimate> {
    let classes = most_classes(config, real.people);
    host.enter("estimate");
    let backbone = host.uncounted(|| backbone(config, registry, host, classes, budget))?;
    let (mut denoiser, mut prediction) = (None, None);
    if let Some(choice) = &config.denoiser {
        let mut network = Network::new(config, choice, registry, host)?;
        denoiser = Some(host.uncounted(|| network.training(choice, host, budget))?);
        prediction = Some(host.uncounted(|| network.predictions(config.generation.batch, host, budget))?);
    }
    let encoder = host.uncounted(|| encoder(config, registry, host, budget))?;
    host.enter("");
    Ok(Estimate {
        backbone,
        classes,
        denoiser,
        prediction,
        encoder,
        threads: host.ctx().threads(),
    })
}

/// Classes of the arm that has most, as far as that is known before the run.
fn most_classes(config: &RunConfig, real: usize) -> usize {
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

/// The run's denoiser with weights drawn anew.
struct Network {
    denoiser: Box<dyn Denoiser>,
    /// Length of a condition.
    dim: usize,
}

impl Network {
    fn new(config: &RunConfig, choice: &DenoiserConfig, registry: &Registry, host: &RunHost) -> Result<Self> {
        // The length of a condition hardly matters to the time; an encoder whose weights are not there yet is no reason to know nothing.
        let dim = registry
            .encoder(&config.encoder.plugin, &config.encoder.params)
            .map_or(512, |e| e.info().dim);
        let mut denoiser = registry.denoiser(&choice.plugin, &choice.params)?;
        denoiser.initialise(dim, 0, &host.ctx())?;
        Ok(Self { denoiser, dim })
    }

    fn shape(&self, images: usize) -> [usize; 4] {
        let info = self.denoiser.info();
        [images, info.channels, info.height, info.width]
    }

    fn training(&mut self, choice: &DenoiserConfig, host: &RunHost, budget: Duration) -> Result<Calibration> {
        let rate = choice.training.learning_rate.at(0, choice.training.steps);
        let mut step = |images: usize| {
            let shape = self.shape(images);
            let (pixels, conditions) = (noise(shape.iter().product()), noise(images * self.dim));
            let seeds: Vec<u64> = (0..images as u64).collect();
            self.denoiser
                .train_step(
                    TensorRef::new(&pixels, &shape)?,
                    TensorRef::new(&conditions, &[images, self.dim])?,
                    TensorRef::new(&seeds, &[images])?,
                    rate,
                    &host.ctx(),
                )
                .map(drop)
        };
        calibrate(choice.training.batch, budget, &mut step)
            .map_err(|e| e.context(format!("denoiser `{}`", choice.plugin)))
    }

    fn predictions(&mut self, batch: usize, host: &RunHost, budget: Duration) -> Result<Calibration> {
        let mut predict = |images: usize| {
            let shape = self.shape(images);
            let (pixels, conditions) = (noise(shape.iter().product()), noise(images * self.dim));
            let (t, mut out) = (vec![0i64; images], vec![0f32; pixels.len()]);
            self.denoiser.predict(
                TensorRef::new(&pixels, &shape)?,
                TensorRef::new(&t, &[images])?,
                Some(TensorRef::new(&conditions, &[images, self.dim])?),
                TensorMut::new(&mut out, &shape)?,
                &host.ctx(),
            )
        };
        calibrate(batch, budget, &mut predict).map_err(|e| e.context("a prediction of the denoiser"))
    }
}

/// `None` where the encoder cannot be built, as before its weights are there.
fn encoder(config: &RunConfig, registry: &Registry, host: &RunHost, budget: Duration) -> Result<Option<Calibration>> {
    let choice = &config.encoder;
    let Ok(mut encoder) = registry.encoder(&choice.plugin, &choice.params) else {
        return Ok(None);
    };
    let (dim, side) = (encoder.info().dim, config.data.size);
    let (height, width) = config
        .data
        .full_size
        .map_or((side, side), |full| (full.height, full.width));
    let mut encode = |images: usize| {
        let shape = [images, height, width, 3];
        let pixels: Vec<u8> = noise(shape.iter().product())
            .iter()
            .map(|x| (127.5 * (x + 1.0)) as u8)
            .collect();
        let mut features = vec![0f32; images * dim];
        let out = TensorMut::new(&mut features, &[images, dim])?;
        encoder.encode(TensorRef::new(&pixels, &shape)?, out, &host.ctx())
    };
    calibrate(ENCODED, budget, &mut encode)
        .map(Some)
        .map_err(|e| e.context(format!("encoder `{}`", choice.plugin)))
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
