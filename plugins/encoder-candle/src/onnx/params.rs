//! Parameters in the run file.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::{ChannelOrder, PerChannel};
use crate::iresnet::batch;

/// Parameters of `onnx`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnnxParams {
    /// The `.onnx` file: one input of images `[N,3,H,W]`, features in its first output.
    pub model: PathBuf,
    /// Height and width in pixels, where the file leaves them open; 112 if neither says.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1024))]
    pub input_size: Option<usize>,
    /// Subtracted from a pixel's 0 to 255: one number, or one a channel in the network's order. Left out, as InsightFace does: 0 where the
    /// model itself subtracts and multiplies at its beginning, else 127.5.
    #[serde(default)]
    pub mean: Option<PerChannel>,
    /// What the difference is divided by. Left out, 1 where the model itself subtracts and multiplies, else 127.5.
    #[serde(default)]
    pub std: Option<PerChannel>,
    /// `rgb` (InsightFace, OpenCV's SFace) or `bgr`.
    #[serde(default)]
    pub order: ChannelOrder,
    /// Whether to encode the mirrored image as well and to give the sum of the two raw features, as InsightFace's `verification.py`.
    #[serde(default)]
    pub flip: bool,
    /// Images that go through the network at a time, where the model allows it. No result depends on it.
    #[serde(default = "batch")]
    #[schemars(range(min = 1, max = 1024))]
    pub batch: usize,
}
