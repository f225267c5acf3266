//! A network with its weights, their average and the optimiser.

use ficta_core::{Error, Result};
use ficta_tch_bridge::{AdamW, AdamWSettings, Ema, Initialiser, Parameters};
use tch::{Device, Tensor};

use crate::{Params, network::Unet};

/// What [`ficta_core::Denoiser::initialise`] makes.
pub(crate) struct Model {
    pub network: Unet,
    pub parameters: Parameters,
    pub ema: Ema,
    pub optimiser: AdamW,
    pub condition_dim: usize,
    /// The average in the type of the convolutions, once somebody has predicted since the last step.
    pub for_use: Option<Vec<Tensor>>,
}

impl Model {
    pub(crate) fn new(params: &Params, condition_dim: usize, seed: u64) -> Result<Self> {
        if condition_dim == 0 || condition_dim > 1 << 20 {
            return Err(Error::config(format!(
                "conditions of length {condition_dim}, expected 1 to {}",
                1 << 20
            )));
        }
        let mut parameters = Parameters::new();
        let network = Unet::new(&mut parameters, Initialiser::new(seed), params, condition_dim as i64)?;
        let settings = AdamWSettings {
            betas: (params.betas[0], params.betas[1]),
            weight_decay: params.weight_decay,
            ..AdamWSettings::default()
        };
        Ok(Self {
            network,
            ema: Ema::new(parameters.tensors())?,
            optimiser: AdamW::new(settings, &parameters)?,
            parameters,
            condition_dim,
            for_use: None,
        })
    }

    /// Moves all that it holds to `device`; does nothing where it is there.
    pub(crate) fn move_to(&mut self, device: Device) -> Result<()> {
        if self.device() == device {
            return Ok(());
        }
        self.for_use = None;
        self.ema.move_to(device)?;
        self.optimiser.move_to(device)?;
        // Last: where they are says where the model is.
        self.parameters.move_to(device)
    }

    /// Where it computes.
    pub(crate) fn device(&self) -> Device {
        self.parameters.tensors().first().map_or(Device::Cpu, Tensor::device)
    }
}
