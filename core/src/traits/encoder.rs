use abi_stable::{StableAbi, std_types::RString};

use crate::{Ctx, Result, TensorMut, TensorRef};

/// What an encoder is.
#[repr(C)]
#[derive(StableAbi, Clone, Debug, PartialEq)]
pub struct EncoderInfo {
    /// Length d of a feature.
    pub dim: usize,
    /// Height in pixels that the network sees; the encoder scales whatever it is given.
    pub height: usize,
    /// Width in pixels that the network sees.
    pub width: usize,
    /// Network and weights, for the report: "dlib ResNet, face-api 1.7.15".
    pub description: RString,
}

/// A frozen face-recognition network.
pub trait Encoder: Send {
    /// Dimensions and description.
    fn info(&self) -> EncoderInfo;

    /// Computes the raw features (not normalised) of aligned faces.
    ///
    /// `images` is u8 RGB `[N,H,W,3]` with any H and W; `features` is f32 `[N,d]` and is overwritten. A row depends on its image alone.
    ///
    /// # Errors
    /// Wrong shapes or types, non-finite results, cancellation.
    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()>;
}
