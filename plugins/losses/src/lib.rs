//! Margin losses on cosines, in plain Rust: one file a loss, all over [`ficta_core::softmax`].

mod arcface;
mod cosface;
mod limits;

pub use arcface::{ArcFace, Params as ArcFaceParams};
pub use cosface::{CosFace, Params as CosFaceParams};

ficta_core::register_loss!(
    CosFace,
    "cosface",
    "Large-margin cosine loss: s (cos - m) for the own class"
);
ficta_core::register_loss!(
    ArcFace,
    "arcface",
    "Additive angular margin loss: s cos(theta + m) for the own class"
);
ficta_core::export_plugin!();
