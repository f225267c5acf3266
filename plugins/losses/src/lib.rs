//! Losses on cosines, in plain Rust: one file a loss, all over [`ficta_core::softmax`].
//!
//! Each file has the formula and its source; where a paper and its authors' code differ, it says which is followed.

mod adaface;
mod angle;
mod arcface;
mod combined_margin;
mod cosface;
mod curricularface;
mod elasticface;
mod limits;
mod magface;
mod softmax;
mod sphereface;
mod state;

pub use adaface::{AdaFace, Params as AdaFaceParams};
pub use arcface::{ArcFace, Params as ArcFaceParams};
pub use combined_margin::{CombinedMargin, Params as CombinedMarginParams};
pub use cosface::{CosFace, Params as CosFaceParams};
pub use curricularface::{CurricularFace, Params as CurricularFaceParams};
pub use elasticface::{ElasticArcFace, ElasticArcFaceParams, ElasticCosFace, ElasticCosFaceParams};
pub use magface::{MagFace, Params as MagFaceParams};
pub use softmax::{Params as SoftmaxParams, Softmax};
pub use sphereface::{Params as SphereFaceParams, SphereFace};

ficta_core::register_loss!(
    Softmax,
    "softmax",
    "Softmax on cosines without a margin (NormFace): s cos(theta)"
);
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
ficta_core::register_loss!(
    CombinedMargin,
    "combined-margin",
    "All three margins: s (cos(m1 theta + m2) - m3) for the own class"
);
ficta_core::register_loss!(
    SphereFace,
    "sphereface",
    "Multiplicative angular margin, faded in: |f| psi(theta) for the own class"
);
ficta_core::register_loss!(
    AdaFace,
    "adaface",
    "A margin that follows image quality, as told by the embedding's norm"
);
ficta_core::register_loss!(
    CurricularFace,
    "curricularface",
    "ArcFace's margin, with hard classes weighted more as the training proceeds"
);
ficta_core::register_loss!(
    ElasticArcFace,
    "elasticface-arc",
    "ArcFace with a margin drawn anew for each sample"
);
ficta_core::register_loss!(
    ElasticCosFace,
    "elasticface-cos",
    "CosFace with a margin drawn anew for each sample"
);
ficta_core::register_loss!(
    MagFace,
    "magface",
    "An angular margin that grows with the embedding's norm, and a pull on the norm"
);
ficta_core::export_plugin!();
