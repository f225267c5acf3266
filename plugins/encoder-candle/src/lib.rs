//! Frozen face encoders on candle, computed on the CPU.
//!
//! - `dlib-resnet` ([`DlibResnet`]): dlib's face-recognition ResNet with the uint8-quantised weights of npm's `@vladmandic/face-api`.
//!
//! Nothing is downloaded here: the weights are a folder that the run file names.

mod backend;
mod convolution;
mod dlib_resnet;
mod im2col;
mod network;
mod pool;
mod product;
mod residual;
mod resize;
mod weights;
mod workers;

pub use dlib_resnet::{DlibResnet, DlibResnetParams};

ficta_core::register_encoder!(
    DlibResnet,
    "dlib-resnet",
    "dlib's face ResNet, 128 numbers, 150x150 RGB (weights of @vladmandic/face-api)"
);

ficta_core::export_plugin!();
