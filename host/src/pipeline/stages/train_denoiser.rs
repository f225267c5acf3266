//! train-denoiser: the ID-conditional generative network, on the real faces.

use std::path::Path;

use ficta_core::{Error, Kind, Result, SaveKind, TensorRef, random::derive_seed};
use serde_json::json;

use crate::{
    config::{DenoiserConfig, DenoiserTraining, RunConfig},
    data::png,
    pipeline::{
        Place, Stage,
        generator::Generator,
        identities::IdentityTable,
        images::Images,
        matrix::Matrix,
        order::Order,
        training_loop::{Trainable, train, write_curves},
    },
    storage::{atomic, json as json_file},
};

pub const WEIGHTS: &str = "weights.safetensors";
/// What the weights belong to.
pub const DENOISER: &str = "denoiser.json";
pub use crate::pipeline::training_loop::LOSSES;
/// Identities and images of each in a sample grid.
const GRID: (usize, usize) = (8, 4);

pub fn stage(config: &RunConfig, denoiser: &DenoiserConfig) -> Stage {
    let (choice, training, sampler) = (denoiser.clone(), denoiser.training.clone(), config.sampler.clone());
    let work = move |place: &Place<'_>| {
        let images = Images::read(&place.file("data", "learn.safetensors"), "small")?;
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let conditions = real.mean.normalised("mean of identity")?;
        let mut network = place.registry.denoiser(&choice.plugin, &choice.params)?;
        let info = network.info();
        if (info.height, info.width) != (images.height, images.width) {
            return Err(Error::config(format!(
                "denoiser `{}` makes images of {}x{}, but data.size gives {}x{}",
                choice.plugin, info.height, info.width, images.height, images.width
            ))
            .help("make data.size and the denoiser's resolution agree"));
        }
        network.initialise(
            conditions.cols,
            derive_seed(place.seed, "denoiser.weights", 0, 0),
            &place.ctx(),
        )?;
        let grid = match (&sampler, training.sample_every) {
            (Some(sampler), every) if every > 0 => Some(place.registry.sampler(&sampler.plugin, &sampler.params)?),
            _ => None,
        };
        let channels = network.info().channels;
        let mut run = Run {
            order: Order::new(
                derive_seed(place.seed, "denoiser.order", 0, 0),
                images.len(),
                training.flip,
            ),
            generator: Generator { network, sampler: grid },
            channels,
            images: &images,
            conditions: &conditions,
            training: &training,
            place,
        };
        let losses = train(place, training.steps, training.checkpoint_every, &mut run)?;
        run.generator
            .network
            .save(&place.dir.join(WEIGHTS), SaveKind::WEIGHTS, &place.ctx())?;
        json_file::write(&place.dir.join(DENOISER), &choice.component())?;
        let rate = |step| training.learning_rate.at(step, training.steps);
        write_curves(&place.dir, &losses, rate, &[])
    };
    let inputs = vec!["data".into(), "statistics".into()];
    let mut t = denoiser.training.clone();
    // How often something is written down changes no result, and sample grids are for looking at: another sampler, or grids at other
    // steps, are no reason to train again.
    (t.checkpoint_every, t.sample_every) = (1, 0);
    let mut stage =
        Stage::new("train-denoiser", inputs, json!(t), Box::new(work)).with(Kind::DENOISER, &denoiser.component());
    if let (Some(sampler), true) = (&config.sampler, denoiser.training.sample_every > 0) {
        stage.aside.push((Kind::SAMPLER, sampler.clone()));
    }
    stage
}

struct Run<'a> {
    generator: Generator,
    order: Order,
    channels: usize,
    images: &'a Images,
    conditions: &'a Matrix,
    training: &'a DenoiserTraining,
    place: &'a Place<'a>,
}

impl Trainable for Run<'_> {
    fn step(&mut self, step: usize) -> Result<f64> {
        let (t, images) = (self.training, self.images);
        let chosen = self.order.batch(step, t.batch);
        let pixels = images.batch(&chosen, self.channels)?;
        let identities: Vec<_> = chosen.iter().map(|(i, _)| images.labels[*i] as usize).collect();
        let conditions = self.conditions.select(&identities);
        let first = (step * t.batch) as u64;
        let seeds: Vec<_> = (first..first + t.batch as u64)
            .map(|p| derive_seed(self.place.seed, "denoiser.noise", p, 0))
            .collect();
        self.generator.network.train_step(
            TensorRef::new(&pixels, &[t.batch, self.channels, images.height, images.width])?,
            conditions.view()?,
            TensorRef::new(&seeds, &[t.batch])?,
            t.learning_rate.at(step, t.steps),
            &self.place.ctx(),
        )
    }

    fn save(&self, path: &Path) -> Result<()> {
        self.generator
            .network
            .save(path, SaveKind::CHECKPOINT, &self.place.ctx())
    }

    fn load(&mut self, path: &Path, _: &[u8]) -> Result<()> {
        self.generator.network.load(path, &self.place.ctx())
    }

    fn after(&mut self, done: usize) -> Result<()> {
        let every = self.training.sample_every;
        if every == 0 || !done.is_multiple_of(every) {
            return Ok(());
        }
        let (people, each) = (GRID.0.min(self.conditions.rows), GRID.1);
        let rows: Vec<_> = (0..people * each).map(|i| i / each).collect();
        let seeds: Vec<_> = (0..rows.len() as u64)
            .map(|i| derive_seed(self.place.seed, "denoiser.grid", i, 0))
            .collect();
        let images = self
            .generator
            .make(&self.conditions.select(&rows), &seeds, self.place)?;
        let file = self.place.folder("samples")?.join(format!("step-{done:07}.png"));
        let (pixels, height, width) = images.grid(each);
        atomic::write_bytes(&file, &png::encode(&pixels, height, width, self.channels)?)
    }
}
