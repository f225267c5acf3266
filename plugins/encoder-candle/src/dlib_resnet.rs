//! The encoder `dlib-resnet`.

use std::path::PathBuf;

use ficta_core::{Configure, Ctx, Device, Encoder, EncoderInfo, Error, Result, TensorMut, TensorRef};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::network::{DIM, Network, SIDE};
use crate::resize::bilinear;
use crate::weights::Weights;
use crate::workers::Workers;

/// Images a thread between two progress reports.
const IMAGES_A_REPORT: usize = 8;

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
/// Each image goes through the network alone and on one thread of a pool of [`Ctx::threads`] threads, so on one machine its feature has
/// the same bits whatever stands beside it in the batch and however many threads there are. Between kinds of processors (with and
/// without fused multiply-add) the last digits may differ.
#[derive(Debug)]
pub struct DlibResnet {
    network: Network,
    flip: bool,
    description: String,
    workers: Workers,
    told_of_device: bool,
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
        Ok(Self {
            network: Network::load(weights)?,
            flip: params.flip,
            description,
            workers: Workers::default(),
            told_of_device: false,
        })
    }
}

impl Encoder for DlibResnet {
    fn info(&self) -> EncoderInfo {
        EncoderInfo {
            dim: DIM,
            height: SIDE,
            width: SIDE,
            description: self.description.as_str().into(),
        }
    }

    fn encode(&mut self, images: TensorRef<'_>, mut features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let [count, height, width, _] = images.dims("images (u8 RGB, [N,H,W,3])")?;
        images.expect_shape("images (u8 RGB, [N,H,W,3])", &[count, height, width, 3])?;
        features.expect_shape("features", &[count, DIM])?;
        if count > 0 && (height == 0 || width == 0) {
            return Err(Error::shape(format!("images: no pixels in shape {:?}", images.shape())));
        }
        let pixels = images.as_slice::<u8>()?;
        let out = features.as_mut_slice::<f32>()?;
        if ctx.device() != Device::CPU && !self.told_of_device {
            ctx.warn(&format!("dlib-resnet computes on the CPU, not on {:?}", ctx.device()));
            self.told_of_device = true;
        }
        let image = height * width * 3;
        let portion = ctx.threads() * IMAGES_A_REPORT;
        let pool = self.workers.of(ctx.threads())?;
        let (network, flip) = (&self.network, self.flip);
        for (part, rows) in out.chunks_mut(portion * DIM).enumerate() {
            let first = part * portion;
            pool.install(|| {
                rows.par_chunks_mut(DIM).enumerate().try_for_each(|(i, row)| {
                    let index = first + i;
                    encode_one(network, flip, &pixels[index * image..][..image], [height, width], row)
                        .map_err(|e| e.context(format!("image {index} of {count}")))
                })
            })?;
            ctx.progress((first + rows.len() / DIM) as u64, count as u64, "images")?;
        }
        Ok(())
    }
}

fn encode_one(network: &Network, flip: bool, pixels: &[u8], size: [usize; 2], row: &mut [f32]) -> Result<()> {
    let picture = bilinear(pixels, size, [SIDE, SIDE]);
    let mirrored = flip.then(|| mirror(&picture));
    row.copy_from_slice(&network.forward(picture)?);
    if let Some(mirrored) = mirrored {
        for (value, other) in row.iter_mut().zip(network.forward(mirrored)?) {
            *value = (*value + other) / 2.0;
        }
    }
    match row.iter().all(|v| v.is_finite()) {
        true => Ok(()),
        false => Err(Error::data("the feature is not finite").help("fetch the weights again: they may be damaged")),
    }
}

/// Left and right of `[SIDE,SIDE,3]` exchanged.
fn mirror(picture: &[f32]) -> Vec<f32> {
    picture
        .chunks_exact(SIDE * 3)
        .flat_map(|line| line.rchunks_exact(3).flatten().copied())
        .collect()
}
