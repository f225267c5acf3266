//! Training a face-recognition network on labelled images: what a run's stage and `ficta train` share.

use std::path::Path;

use ficta_core::{Backbone, Error, Loss, Result, SaveKind, TensorRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Place,
    order::Order,
    training_alarm::Circumstances,
    training_evaluation::{Monitor, Selected, TrainingEvaluation},
    training_images::{Batches, TrainingImages},
    training_loop::{Trainable, train, write_curves},
};
use crate::{
    config::{ComponentChoice, TrainingConfig},
    storage::json as json_file,
};

/// The trained weights.
pub const WEIGHTS: &str = "weights.safetensors";
/// The size of the training set.
pub const SET: &str = "training-set.json";

/// The size of a training set, as [`SET`] tells it.
#[derive(Deserialize, Serialize)]
pub struct SetSize {
    /// Identities.
    pub classes: usize,
    /// Images.
    pub images: usize,
    /// Optimizer steps of the training.
    pub steps: usize,
    /// Which evaluation chose the weights, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Selected>,
}

impl SetSize {
    /// The record that lies beside a file of weights, if one does.
    pub fn beside(weights: &Path) -> Option<Self> {
        json_file::read(&weights.with_file_name(SET)).ok()
    }
}

/// What is trained, how, and from which seeds.
pub struct FaceTraining<'a> {
    /// The network.
    pub backbone: &'a ComponentChoice,
    /// The loss.
    pub loss: &'a ComponentChoice,
    /// The recipe.
    pub training: &'a TrainingConfig,
    /// Labelled images, labels from 0.
    pub images: TrainingImages<'a>,
    /// What the weights are drawn from.
    pub weights_seed: u64,
    /// What the order of the images is drawn from.
    pub order_seed: u64,
    /// Weights to start from, instead of drawn ones; the head is drawn in any case.
    pub start: Option<&'a Path>,
    /// Verification on the way.
    pub evaluation: Option<&'a TrainingEvaluation>,
}

impl FaceTraining<'_> {
    /// Trains, from where the place's resume folder stands, and leaves weights, the set's size and the curves in the place's folder.
    ///
    /// # Errors
    /// Images of another size than the network's; the components'; writing failed.
    pub fn run(&self, place: &Place<'_>) -> Result<()> {
        let Self {
            backbone,
            loss,
            training,
            images,
            ..
        } = self;
        let classes = images.identities();
        let mut network = place.registry.backbone(&backbone.plugin, &backbone.params)?;
        let info = network.info();
        let (height, width) = images.size();
        if (info.height, info.width) != (height, width) {
            return Err(Error::config(format!(
                "backbone `{}` takes images of {}x{}, but the training set has {}x{}",
                backbone.plugin, info.height, info.width, height, width
            ))
            .help("make data.size and the backbone's input_size agree"));
        }
        network.initialise(classes, self.weights_seed, &place.ctx())?;
        if let Some(start) = self.start {
            network.load(start, &place.ctx())?;
        }
        let mut run = Run {
            network,
            loss: place.registry.loss(&loss.plugin, &loss.params)?,
            batches: images.batches(
                Order::of(
                    training.sampling,
                    self.order_seed,
                    images.len(),
                    |i| images.label(i),
                    training.flip,
                ),
                training.batch,
                info.channels,
            ),
            shape: [training.batch, info.channels, height, width],
            images: *images,
            training,
            pretrained: self.start.is_some(),
            monitor: self.evaluation.map(Monitor::new),
            place,
        };
        let losses = train(place, training.steps, training.checkpoint_every, &mut run)?;
        let weights = place.dir.join(WEIGHTS);
        let selected = match &run.monitor {
            Some(monitor) => monitor.select(&weights, place)?,
            None => None,
        };
        if selected.is_none() {
            run.network.save(&weights, SaveKind::WEIGHTS, &place.ctx())?;
        }
        json_file::write(
            &place.dir.join(SET),
            &SetSize {
                classes,
                images: images.len(),
                steps: training.steps,
                selected,
            },
        )?;
        run.write_curves(&losses)
    }
}

struct Run<'a> {
    network: Box<dyn Backbone>,
    loss: Box<dyn Loss>,
    batches: Batches<'a>,
    /// Of a batch: B, C, H, W.
    shape: [usize; 4],
    images: TrainingImages<'a>,
    training: &'a TrainingConfig,
    pretrained: bool,
    monitor: Option<Monitor<'a>>,
    place: &'a Place<'a>,
}

impl Run<'_> {
    fn rate(&self, step: usize) -> f64 {
        self.training.learning_rate.at(step, self.training.steps)
    }

    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            training: self.training,
            classes: self.images.identities(),
            images: self.images.len(),
            pretrained: self.pretrained,
        }
    }

    fn write_curves(&self, losses: &[f64]) -> Result<()> {
        let points = match &self.monitor {
            Some(monitor) => {
                monitor.write(&self.place.dir)?;
                monitor.points()
            }
            None => Vec::new(),
        };
        write_curves(&self.place.dir, losses, |step| self.rate(step), &points)
    }
}

impl Trainable for Run<'_> {
    fn step(&mut self, step: usize) -> Result<f64> {
        let rate = self.rate(step);
        let (pixels, labels) = self.batches.of(step)?;
        self.network.train_step(
            TensorRef::new(&pixels, &self.shape)?,
            TensorRef::new(&labels, &self.shape[..1])?,
            &mut *self.loss,
            rate,
            &self.place.ctx(),
        )
    }

    fn save(&self, path: &Path) -> Result<()> {
        self.network.save(path, SaveKind::CHECKPOINT, &self.place.ctx())
    }

    fn load(&mut self, path: &Path, loss_state: &[u8]) -> Result<()> {
        self.network.load(path, &self.place.ctx())?;
        self.loss.load_state(loss_state)
    }

    fn loss_state(&self) -> Result<Vec<u8>> {
        self.loss.save_state()
    }

    fn memory(&self) -> Result<Value> {
        self.monitor.as_ref().map_or(Ok(Value::Null), Monitor::memory)
    }

    fn recall(&mut self, memory: &Value) -> Result<()> {
        match &mut self.monitor {
            Some(monitor) => monitor.recall(memory, self.place),
            None => Ok(()),
        }
    }

    fn after(&mut self, done: usize) -> Result<()> {
        let Some(monitor) = &mut self.monitor else {
            return Ok(());
        };
        monitor.after(done, self.training.steps, &mut *self.network, self.place)?;
        let found = self.monitor.as_ref().and_then(|monitor| monitor.just_found(done));
        if let Some(alarm) = found.and_then(|sets| self.circumstances().chance(done, sets)) {
            self.place.ctx().warn(&alarm);
        }
        Ok(())
    }

    fn watch(&self, losses: &[f64]) {
        if let Some(alarm) = self.circumstances().alarm(losses) {
            self.place.ctx().warn(&alarm);
        }
    }

    fn why_diverged(&self) -> Option<String> {
        Some(self.circumstances().why_diverged())
    }

    fn checkpointed(&self, losses: &[f64]) -> Result<()> {
        if let Some(monitor) = &self.monitor {
            monitor.tidy(self.place);
        }
        self.write_curves(losses)
    }
}
