//! From images to embeddings.

use ficta_core::Result;
use ficta_tch_bridge::{ParameterId, Parameters, TchResult};
use tch::{Kind, Tensor};

use crate::{
    Architecture,
    architecture::block_name,
    batch_norm::BatchNorm,
    convolution::convolve,
    layout::{Mode, Network, id},
    residual_block::ResidualBlock,
};

/// The network's layers; each knows the places of its weights.
#[derive(Clone, Debug)]
pub struct IResNetLayers {
    conv1: ParameterId,
    bn1: BatchNorm,
    slopes: ParameterId,
    blocks: Vec<ResidualBlock>,
    bn2: BatchNorm,
    fc_weight: ParameterId,
    fc_bias: ParameterId,
    features: BatchNorm,
}

impl IResNetLayers {
    /// Finds the layers' weights among those of [`crate::initial::add_network`].
    pub fn find(among: &Parameters, architecture: &Architecture) -> Result<Self> {
        let eps = architecture.bn_eps;
        let mut blocks = Vec::new();
        for (layer, count) in architecture.blocks.into_iter().enumerate() {
            for block in 0..count {
                blocks.push(ResidualBlock::find(among, &block_name(layer, block), eps, block == 0)?);
            }
        }
        Ok(Self {
            conv1: id(among, "conv1.weight")?,
            bn1: BatchNorm::find(among, "bn1", eps)?,
            slopes: id(among, "prelu.weight")?,
            blocks,
            bn2: BatchNorm::find(among, "bn2", eps)?,
            fc_weight: id(among, "fc.weight")?,
            fc_bias: id(among, "fc.bias")?,
            features: BatchNorm::find(among, "features", eps)?,
        })
    }
}

impl Network for IResNetLayers {
    /// `images` `[B,C,H,W]` to raw embeddings f32 `[B,d]`. From the linear layer on all is f32, as in `arcface_torch`'s fp16 mode.
    fn forward(&self, weights: &[Tensor], images: &Tensor, mode: &Mode) -> TchResult {
        let compute = mode.compute;
        let x = convolve(images, self.conv1.of(weights), 1, compute)?;
        let mut x = self.bn1.forward_prelu(weights, &x, self.slopes.of(weights), mode)?;
        for block in &self.blocks {
            x = block.forward(weights, &x, mode)?;
        }
        // Logical order, whatever the memory's: C, H, W.
        let mut x = self
            .bn2
            .forward(weights, &x, mode)?
            .f_flatten(1, -1)?
            .f_to_kind(Kind::Float)?;
        if let Some(factors) = &mode.dropout {
            x = x.f_mul(factors)?;
        }
        let x = x.f_linear(self.fc_weight.of(weights), Some(self.fc_bias.of(weights)))?;
        self.features.forward(weights, &x, mode)
    }
}
