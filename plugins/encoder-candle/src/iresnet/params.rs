//! Parameters in the run file.

use std::path::PathBuf;

use ficta_core::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::blocks_of_depth;
use crate::input::{ChannelOrder, PerChannel};

/// Parameters of `iresnet`. Only `weights` is needed: the file tells the network's sizes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IResNetParams {
    /// State dict with `arcface_torch`'s names: `.safetensors`, or `.pth`/`.pt` of torch.save (old or new format; nothing in it is run).
    /// Weights of a backbone that `ficta` trained are such a file; of a checkpoint the moving averages are taken where it has them.
    pub weights: PathBuf,
    /// Refuses a file that holds another network than iresnet18, 34, 50, 100 or 200.
    #[serde(default)]
    #[schemars(extend("enum" = [18, 34, 50, 100, 200, null]))]
    pub depth: Option<u32>,
    /// Refuses a file with other numbers of residual blocks in its four layers.
    #[serde(default)]
    #[schemars(inner(range(min = 1)))]
    pub blocks: Option<[usize; 4]>,
    /// Refuses a file with other numbers of channels in the stem and the four layers.
    #[serde(default)]
    #[schemars(inner(range(min = 1)))]
    pub widths: Option<[usize; 5]>,
    /// Height and width in pixels that the network was trained on; images of other sizes are scaled. Left out, what the file says or its
    /// linear layer implies: 112 for `arcface_torch`'s.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1024))]
    pub input_size: Option<usize>,
    /// Added to a batch normalisation's variance. Left out, what the file says, else 1e-5 as in `arcface_torch`; ports from MXNet have 2e-5.
    #[serde(default)]
    pub bn_eps: Option<f64>,
    /// Subtracted from a pixel's 0 to 255: one number, or one a channel in the network's order.
    #[serde(default = "half")]
    pub mean: PerChannel,
    /// What the difference is divided by. With 127.5 and 127.5 a network sees -1 to 1.
    #[serde(default = "half")]
    pub std: PerChannel,
    /// `rgb` (InsightFace) or `bgr` (AdaFace).
    #[serde(default)]
    pub order: ChannelOrder,
    /// Whether to encode the mirrored image as well and to give the sum of the two raw features, as InsightFace's `verification.py`.
    #[serde(default)]
    pub flip: bool,
    /// Images that go through the network at a time. No result depends on it; more take more memory and, up to some 16, less time.
    #[serde(default = "batch")]
    #[schemars(range(min = 1, max = 1024))]
    pub batch: usize,
}

/// Half of the range of a pixel.
pub fn half() -> PerChannel {
    PerChannel::All(127.5)
}

/// Images at a time, unless told otherwise.
pub fn batch() -> usize {
    8
}

/// Checks `batch`.
pub fn check_batch(batch: usize) -> Result<usize> {
    match batch {
        1..=1024 => Ok(batch),
        _ => Err(Error::config(format!("batch = {batch}, expected 1 to 1024"))),
    }
}

impl IResNetParams {
    /// What the file shall hold, if that was said.
    pub fn expected_blocks(&self) -> Result<Option<[usize; 4]>> {
        match (self.depth, self.blocks) {
            (Some(_), Some(_)) => {
                Err(Error::config("both `depth` and `blocks` are given").help("keep one of the two, or neither"))
            }
            (Some(depth), None) => blocks_of_depth(depth)
                .map(Some)
                .ok_or_else(|| Error::config(format!("depth = {depth}, expected 18, 34, 50, 100 or 200"))),
            (None, blocks) => Ok(blocks),
        }
    }
}
