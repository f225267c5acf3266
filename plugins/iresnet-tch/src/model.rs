//! Weights, layers and optimizer together.

use ficta_core::Result;
use ficta_tch_bridge::{Initialiser, ParameterId, Parameters, Sgd, SgdSettings};

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
        Ok(Self {
            parameters,
            network,
            sgd,
            classes,
            seed,
        })
    }

    /// Place of the class centres `[classes, dim]`.
    pub fn head(&self) -> Result<ParameterId> {
        id(&self.parameters, HEAD)
    }
}
