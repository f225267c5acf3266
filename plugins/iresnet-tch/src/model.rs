//! Weights, layers and optimizer together.

use ficta_core::Result;
use ficta_tch_bridge::{Ema, Initialiser, ParameterId, Parameters, Sgd, SgdSettings};
use tch::{Device, Tensor};

use crate::{
    initial::{HEAD, add_head, add_network},
    layout::{Layout, Network, id},
    recipe::Recipe,
};

/// A network that exists.
pub struct Model {
    /// The state dict's tensors in PyTorch's order, then the head's class centres if there is a head.
    pub parameters: Parameters,
    /// Layers over them.
    pub network: Box<dyn Network>,
    /// Optimizer over all that is trained.
    pub sgd: Sgd,
    /// Moving average of the embedder, where the recipe asks for one.
    pub average: Option<Ema>,
    /// Classes of the head; 0 without one.
    pub classes: usize,
    /// What dropout draws from.
    pub seed: u64,
}

impl Model {
    /// New weights.
    pub fn draw(recipe: &Recipe, layout: &dyn Layout, classes: usize, seed: u64) -> Result<Self> {
        let mut parameters = Parameters::new();
        add_network(&mut parameters, layout, Initialiser::new(seed))?;
        add_head(&mut parameters, classes, layout.size().dim, Initialiser::new(seed))?;
        Self::assemble(recipe, layout, parameters, classes, seed)
    }

    /// Layers and a fresh optimizer over given weights.
    pub fn assemble(
        recipe: &Recipe,
        layout: &dyn Layout,
        parameters: Parameters,
        classes: usize,
        seed: u64,
    ) -> Result<Self> {
        let network = layout.network(&parameters)?;
        let settings = SgdSettings {
            momentum: recipe.momentum,
            weight_decay: recipe.weight_decay,
        };
        let sgd = Sgd::new(settings, &parameters)?;
        let average = match recipe.ema_decay {
            0.0 => None,
            _ => Some(Ema::new(embedder(&parameters))?),
        };
        Ok(Self {
            parameters,
            network,
            sgd,
            average,
            classes,
            seed,
        })
    }

    /// Moves all that it holds to `device`; does nothing where it is there.
    pub fn move_to(&mut self, device: Device) -> Result<()> {
        if self.device() == device {
            return Ok(());
        }
        self.sgd.move_to(device)?;
        if let Some(average) = &mut self.average {
            average.move_to(device)?;
        }
        // Last: where they are says where the model is.
        self.parameters.move_to(device)
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.parameters.tensors().first().map_or(Device::Cpu, Tensor::device)
    }

    /// Takes the step just done into the average, if there is one.
    pub fn follow(&mut self, decay: f64) -> Result<()> {
        let step = self.sgd.steps();
        match &mut self.average {
            Some(average) => average.update(embedder(&self.parameters), decay, step),
            None => Ok(()),
        }
    }

    /// The embedder's tensors for use, in order: the average where there is one.
    pub fn for_use(&self) -> &[Tensor] {
        match &self.average {
            Some(average) => average.tensors(),
            None => embedder(&self.parameters),
        }
    }

    /// Names and tensors of the embedder for use.
    pub fn named_for_use(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.parameters.names().iter().map(String::as_str).zip(self.for_use())
    }

    /// Place of the class centres `[classes, dim]`.
    pub fn head(&self) -> Result<ParameterId> {
        id(&self.parameters, HEAD)
    }
}

/// All tensors but the head, which comes last.
fn embedder(parameters: &Parameters) -> &[Tensor] {
    let all = parameters.tensors();
    match parameters.find(HEAD) {
        Some(_) => &all[..all.len() - 1],
        None => all,
    }
}
