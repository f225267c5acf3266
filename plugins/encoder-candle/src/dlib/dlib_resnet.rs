//! The encoder `dlib-resnet`.

use std::path::PathBuf;

use ficta_core::{Configure, Ctx, Encoder, EncoderInfo, Result, TensorMut, TensorRef};
use schemars::JsonSchema;
use serde::Deserialize;

use super::network::{DIM, MEAN, Network, SIDE};
use super::weights::Weights;
use crate::encoding::{Encoding, Flip};
use crate::input::{ChannelOrder, Input};

/// Images that go through the network at a time.
const BATCH: usize = 8;

/// Parameters of `dlib-resnet`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DlibResnetParams {
    /// Folder with `face_recognition_model-weights_manifest.json` and its `.bin` of @vladmandic/face-api, or the manifest itself.
    pub weights: PathBuf,
    /// Whether to encode the mirrored image as well and to give the mean of the two raw features.
    #[serde(default)]
    pub flip: bool,
}

/// dlib's face-recognition ResNet with 29 convolutions and the pretrained weights of @vladmandic/face-api.
///
/// Images of any size are scaled to 150x150 by bilinear interpolation with half-pixel centres and without antialiasing (PyTorch's
/// `align_corners=False`), then normalised as dlib does. Faces closer than a Euclidean distance of 0.6 between raw features are
/// one person by dlib's own threshold.
///
/// On one machine a feature has the same bits whatever stands beside its image in the batch and however many threads there are. Between kinds
/// of processors (with and without fused multiply-add) the last digits may differ.
#[derive(Debug)]
pub struct DlibResnet {
    network: Network,
    description: String,
    encoding: Encoding,
}

impl Configure for DlibResnet {
    type Params = DlibResnetParams;

    fn configure(params: DlibResnetParams) -> Result<Self> {
        let weights = Weights::read(&params.weights)?;
        let description = format!(
            "dlib ResNet, face-api weights sha256 {}, manifest sha256 {}{}",
            &weights.data_sha256()[..12],
            &weights.manifest_sha256()[..12],
            if params.flip {
                ", mean with the mirrored image"
            } else {
                ""
            }
        );
        let input = Input {
            size: [SIDE; 2],
            channels: 3,
            order: ChannelOrder::Rgb,
            mean: MEAN,
            std: [256.0; 3],
        };
        let flip = if params.flip { Flip::Mean } else { Flip::No };
        Ok(Self {
            network: Network::load(weights)?,
            description,
            encoding: Encoding::new("dlib-resnet", input, DIM, flip, BATCH),
        })
    }
}

impl Encoder for DlibResnet {
    fn info(&self) -> EncoderInfo {
        self.encoding.info(&self.description)
    }

    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let network = &self.network;
        self.encoding
            .run(images, features, ctx, |pictures| network.forward(pictures))
    }
}
