//! The encoder `iresnet`.

use ficta_core::{Configure, Ctx, Encoder, EncoderInfo, Result, TensorMut, TensorRef};
use ficta_state_dict::StateDict;

use super::checkpoint::keep_for_use;
use super::network::Network;
use super::params::{IResNetParams, check_batch};
use super::shape::NetworkShape;
use crate::encoding::{Encoding, Flip};
use crate::input::Input;

/// InsightFace's iresnet18, 34, 50, 100, 200, or one of other sizes, with given weights.
///
/// Images of any size are scaled by bilinear interpolation with half-pixel centres and without antialiasing (PyTorch's
/// `align_corners=False`). On one machine a feature has the same bits whatever stands beside its image in the batch and however many
/// threads there are. Packed for speed, the filters take about four times the memory of the file.
#[derive(Debug)]
pub struct IResNet {
    network: Network,
    description: String,
    encoding: Encoding,
}

impl Configure for IResNet {
    type Params = IResNetParams;

    fn configure(params: IResNetParams) -> Result<Self> {
        let mut weights = StateDict::read(&params.weights)?;
        keep_for_use(&mut weights);
        let shape = NetworkShape::of(&weights, &params)?;
        let input = Input {
            size: [shape.input_size; 2],
            channels: shape.channels,
            order: params.order,
            mean: params.mean.values(),
            std: params.std.values(),
        };
        input.check()?;
        let description = format!(
            "{}, weights sha256 {}, {}{}",
            shape.name(),
            &weights.sha256()[..12],
            input.describe(),
            if params.flip {
                ", sum with the mirrored image"
            } else {
                ""
            }
        );
        let flip = if params.flip { Flip::Sum } else { Flip::No };
        let batch = check_batch(params.batch)?;
        Ok(Self {
            network: Network::load(weights, &shape)?,
            description,
            encoding: Encoding::new("iresnet", input, shape.dim, flip, batch),
        })
    }
}

impl Encoder for IResNet {
    fn info(&self) -> EncoderInfo {
        self.encoding.info(&self.description)
    }

    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let network = &self.network;
        self.encoding
            .run(images, features, ctx, |pictures| network.forward(pictures))
    }
}
