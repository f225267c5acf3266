//! Frozen face encoders on candle, computed on the CPU.
//!
//! - `iresnet` ([`IResNet`]): InsightFace's iresnet18 to 200, from `arcface_torch`'s weights or those of a network trained by `ficta`.
//! - `onnx` ([`Onnx`]): ONNX models, as InsightFace and OpenCV publish them.
//! - `dlib-resnet` ([`DlibResnet`]): dlib's face-recognition ResNet with the uint8-quantised weights of npm's `@vladmandic/face-api`.
//!
//! Nothing is downloaded here: the weights are a file or folder that the run file names.

mod backend;
mod convolution;
mod dlib;
mod elementwise;
mod encoding;
mod input;
mod iresnet;
mod onnx;
mod product;
mod resize;
mod workers;

pub use dlib::{DlibResnet, DlibResnetParams};
pub use input::{ChannelOrder, PerChannel};
pub use iresnet::{IResNet, IResNetParams};
pub use onnx::{Onnx, OnnxParams};

ficta_core::register_encoder!(
    IResNet,
    "iresnet",
    "InsightFace's iresnet18 to 200 and smaller ones, from arcface_torch's or ficta's own weights"
);
ficta_core::register_encoder!(
    Onnx,
    "onnx",
    "ONNX models of face recognition: InsightFace's, OpenCV's SFace, MobileFaceNet and others"
);
ficta_core::register_encoder!(
    DlibResnet,
    "dlib-resnet",
    "dlib's face ResNet, 128 numbers, 150x150 RGB (weights of @vladmandic/face-api)"
);

ficta_core::export_plugin!();
