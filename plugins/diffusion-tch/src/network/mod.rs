//! The UNet.

mod attention;
mod condition;
mod residual;
mod stage;
mod unet;

pub(crate) use condition::{Conditioning, sinusoids};
pub(crate) use unet::Unet;

use tch::{Kind, Tensor};

/// What every layer needs beside its input.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    /// Weights in the order of the network's parameters.
    pub weights: &'a [Tensor],
    /// Type of the convolutions.
    pub compute: Kind,
}
