//! dlib's face-recognition network.

mod dlib_resnet;
mod layer;
mod network;
mod pool;
mod residual;
mod weights;

pub use dlib_resnet::{DlibResnet, DlibResnetParams};
