//! A denoiser and the sampler that drives it.

use std::path::Path;

use ficta_core::{Denoiser, Error, Result, Sampler, TensorMut, TensorRef};

use super::{Place, images::Images, matrix::Matrix};
use crate::{
    announced,
    config::{ComponentChoice, DenoiserConfig},
    data::convert,
};

/// A denoiser and the sampler that drives it; they may come from different libraries.
pub struct Generator {
    /// The network.
    pub network: Box<dyn Denoiser>,
    /// From noise to image.
    pub sampler: Option<Box<dyn Sampler>>,
}

impl Generator {
    /// The network with the weights of a run, and its sampler.
    ///
    /// # Errors
    /// The components'.
    pub fn trained(place: &Place<'_>, denoiser: &DenoiserConfig, sampler: &ComponentChoice) -> Result<Self> {
        let weights = place.file("train-denoiser", super::stages::DENOISER_WEIGHTS);
        Self::load(place, [&denoiser.component(), sampler], &weights)
    }

    /// A denoiser with these weights, and a sampler.
    ///
    /// # Errors
    /// The components'.
    pub fn load(place: &Place<'_>, [denoiser, sampler]: [&ComponentChoice; 2], weights: &Path) -> Result<Self> {
        let mut network = place.registry.denoiser(&denoiser.plugin, &denoiser.params)?;
        network.load(weights, &place.ctx())?;
        Ok(Self {
            network,
            sampler: Some(place.registry.sampler(&sampler.plugin, &sampler.params)?),
        })
    }

    /// How many predictions of the network an image takes, where the sampler tells.
    pub fn predictions(&self) -> Option<u64> {
        let timesteps = self.network.info().alpha_bar.len();
        self.sampler.as_ref().and_then(|sampler| sampler.predictions(timesteps))
    }

    /// One image for each condition and seed. Labels are the rows.
    ///
    /// # Errors
    /// The components'; images that are not finite.
    pub fn make(&mut self, conditions: &Matrix, seeds: &[u64], place: &Place<'_>) -> Result<Images> {
        // Once more: what a network says may have changed with its weights.
        announced::denoiser(&*self.network)?;
        let info = self.network.info();
        let shape = [seeds.len(), info.channels, info.height, info.width];
        let mut pixels = vec![0f32; shape.iter().product()];
        let sampler = self.sampler.as_mut().ok_or_else(|| Error::config("no [sampler]"))?;
        let (conditions, seeds) = (conditions.view()?, TensorRef::new(seeds, &[seeds.len()])?);
        let out = TensorMut::new(&mut pixels, &shape)?;
        place
            .host
            .uncounted(|| sampler.sample(&mut *self.network, conditions, seeds, out, &place.ctx()))?;
        if let Some(at) = pixels.iter().position(|x| !x.is_finite()) {
            let row = at / (shape[1] * shape[2] * shape[3]);
            return Err(Error::data(format!("the sampler gave {} in image {row}", pixels[at]))
                .help("train the denoiser longer, or take more steps or less guidance"));
        }
        Ok(Images {
            pixels: convert::to_u8(&pixels, shape[0], shape[2], shape[3], shape[1])?.into(),
            labels: (0..shape[0] as i64).collect(),
            height: info.height,
            width: info.width,
        })
    }
}
