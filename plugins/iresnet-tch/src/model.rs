//! Weights, layers and optimizer together.

use ficta_core::Result;
use ficta_tch_bridge::{Initialiser, ParameterId, Parameters, Sgd, SgdSettings};

use crate::{
    Architecture, Params,
    initial::{HEAD, add_head, add_network},
    network::{Network, id},
};

/// A network that exists.
pub struct Model {
    /// The state dict's tensors in PyTorch's order, then the head's class centres if there is a head.
    pub parameters: Parameters,
    /// Layers over them.
    pub network: Network,
    /// Optimizer over all that is trained.
    pub sgd: Sgd,
    /// Classes of the head; 0 without one.
    pub classes: usize,
    /// What dropout draws from.
    pub seed: u64,
}

impl Model {
    /// New weights.
    pub fn draw(params: &Params, architecture: &Architecture, classes: usize, seed: u64) -> Result<Self> {
        let mut parameters = Parameters::new();
        add_network(&mut parameters, architecture, Initialiser::new(seed))?;
        add_head(&mut parameters, classes, architecture.dim, Initialiser::new(seed))?;
        Self::assemble(params, architecture, parameters, classes, seed)
    }

    /// Layers and a fresh optimizer over given weights.
    pub fn assemble(
        params: &Params,
        architecture: &Architecture,
        parameters: Parameters,
        classes: usize,
        seed: u64,
    ) -> Result<Self> {
        let network = Network::find(&parameters, architecture)?;
        let settings = SgdSettings {
            momentum: params.momentum,
            weight_decay: params.weight_decay,
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
