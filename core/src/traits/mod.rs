//! The author layer: one ordinary Rust trait a file.

mod backbone;
mod communicator;
mod denoiser;
mod encoder;
mod loss;
mod proposer;
mod sampler;
mod selector;

pub use backbone::{Backbone, BackboneInfo};
pub use communicator::{Communicator, ReduceOp};
pub use denoiser::{Denoiser, DenoiserInfo, Prediction};
pub use encoder::{Encoder, EncoderInfo};
pub use loss::{Loss, LossGradient, LossInput};
pub use proposer::{CandidatesMut, IdProposer, Identities};
pub use sampler::Sampler;
pub use selector::{Candidates, Decision, IdSelector, SelectionMut};

use abi_stable::StableAbi;

/// What [`Denoiser::save`] and [`Backbone::save`] write.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Debug)]
pub struct SaveKind(u8);

impl SaveKind {
    /// The weights for use (the EMA where there is one), in a format that other tools read.
    pub const WEIGHTS: Self = Self(0);
    /// Everything that training needs to go on with the same bytes: weights, EMA, optimizer state, counters.
    pub const CHECKPOINT: Self = Self(1);
    /// A backbone's embedder as an ONNX model of one input `[N,C,H,W]` in [-1,1] and one output `[N,d]`, for other programs; never loaded again. A
    /// component that cannot write one refuses with [`ErrorKind::UNSUPPORTED`](crate::ErrorKind::UNSUPPORTED).
    pub const ONNX: Self = Self(2);
}
