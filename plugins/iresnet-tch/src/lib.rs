//! Trainable face embedders on libtorch: InsightFace's iresnet ("modified ResNet") and MobileFaceNet, with a cosine head and SGD.
//!
//! Structure, key names and the arithmetic of a step are those of InsightFace's `arcface_torch`, so that its weights can be taken up and
//! its tools read ours. The margin loss is not here: the backbone computes cosines between embeddings and class centres on its own tape,
//! lends them to any [`ficta_core::Loss`] and back-propagates the gradient that it gets back.

mod architecture;
mod backbone;
mod batch_norm;
mod convolution;
mod cosine_head;
mod depth;
mod embedding;
mod entry;
mod files;
mod initial;
mod iresnet;
mod layout;
mod mobilefacenet;
mod model;
mod network;
mod onnx;
mod params;
mod partial_fc;
mod recipe;
mod residual_block;
mod running_statistics;
mod train_step;

pub use architecture::Architecture;
pub use depth::Depth;
pub use mobilefacenet::{MobileFaceNetFamily, MobileFaceNetParams};
pub use params::Params;

/// iresnet with a cosine head and SGD.
pub type IResNet = backbone::Trained<iresnet::IResNetFamily>;
/// MobileFaceNet with a cosine head and SGD.
pub type MobileFaceNet = backbone::Trained<MobileFaceNetFamily>;

ficta_core::register_backbone!(
    IResNet,
    "iresnet",
    "iresnet18 to 200 and smaller ones, with a cosine head and SGD, on libtorch (InsightFace's modified ResNet)"
);
ficta_core::register_backbone!(
    MobileFaceNet,
    "mobilefacenet",
    "MobileFaceNet (InsightFace's arcface_torch form), with a cosine head and SGD, on libtorch"
);
ficta_core::export_plugin!(backend = "libtorch 2.11.0");
