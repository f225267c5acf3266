//! InsightFace's iresnet ("modified ResNet").

mod batch_norm;
mod checkpoint;
mod component;
mod network;
mod params;
mod shape;

pub use component::IResNet;
pub use params::{IResNetParams, batch, check_batch};
