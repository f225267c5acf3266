//! A trainable face embedder on libtorch: InsightFace's iresnet ("modified ResNet") with a cosine head and SGD.
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
mod files;
mod initial;
mod model;
mod network;
mod params;
mod prelu;
mod residual_block;
mod running_statistics;
mod train_step;

pub use architecture::{Architecture, Entry, Role};
pub use backbone::IResNet;
pub use depth::Depth;
pub use params::Params;

ficta_core::register_backbone!(
    IResNet,
    "iresnet",
    "iresnet18 to 200 and smaller ones, with a cosine head and SGD, on libtorch (InsightFace's modified ResNet)"
);
ficta_core::export_plugin!(backend = "libtorch 2.11.0");
