#![allow(non_local_definitions)] // abi_stable 0.11.3's derives predate the lint
//! The contract between the host and its plugins.
//!
//! Two layers live here, and a plugin author only sees the first:
//!
//! * **Author layer**: ordinary Rust traits ([`Loss`], [`Sampler`], ...) with `Result`, a [`Ctx`] and borrowed tensors.
//! * **ABI layer** ([`abi`]): the layout-checked mirrors of those traits that cross the shared-library boundary, and the adapters
//!   between the two. Panics are caught in the adapters.
//!
//! Begin with the [`guide`].

pub mod abi;
mod component;
mod ctx;
#[cfg(feature = "dlpack")]
pub mod dlpack;
mod dtype;
mod error;
mod export;
pub mod guide {
    #![doc = include_str!("guide.md")]
}
#[cfg(feature = "load")]
pub mod load;
mod null_host;
pub mod random;
mod single_process;
pub mod softmax;
mod stamp;
mod tensor;
#[cfg(feature = "conformance")]
pub mod testing;
mod traits;

pub use component::{Component, Configure, Kind, Registration, static_components};
pub use ctx::{Control, Ctx, HostServices, Level};
pub use dtype::{DType, Device, Element};
pub use error::{Error, ErrorKind, Result};
pub use null_host::NullHost;
pub use single_process::SingleProcess;
pub use stamp::{Stamp, stamp_bytes};
pub use tensor::{MAX_NDIM, TensorMut, TensorRef};
pub use traits::{
    Backbone, BackboneInfo, Candidates, CandidatesMut, Communicator, Decision, Denoiser, DenoiserInfo, Encoder,
    EncoderInfo, IdProposer, IdSelector, Identities, Loss, LossGradient, LossInput, Prediction, ReduceOp, Sampler,
    SaveKind, SelectionMut,
};

#[doc(hidden)]
pub mod private {
    pub use {abi_stable, inventory, schemars, serde, serde_json};
}
