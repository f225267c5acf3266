//! What ficta's libtorch plugins share.
//!
//! A plugin enters a [`ComputeScope`] at the start of each call, takes tensors in through [`Borrowed`], gives results out through
//! [`write_out`] or lends its own through a [`HostBuffer`], keeps its weights in [`Parameters`] (ordered, so that everything is reproducible),
//! steps them with [`AdamW`] or [`Sgd`], and keeps them on disk with [`checkpoint`].

mod average;
mod batch_norm_prelu;
pub mod channels_last;
pub mod checkpoint;
mod clip;
mod compute_scope;
mod convolution;
mod cuda;
mod dense;
mod ema;
mod error;
mod export;
mod flush_to_zero;
mod foreach;
mod freed_memory;
mod gradients;
mod host_buffer;
mod import;
mod initialiser;
mod kind;
mod layers;
mod message;
mod number;
mod optimiser;
mod parameters;
mod placement;
mod pool;
mod precision;
mod processes;
mod workers;

pub use average::move_towards;
pub use batch_norm_prelu::{Normalised, batch_norm_prelu};
pub use checkpoint::Saved;
pub use clip::clip_gradient_norm;
pub use compute_scope::ComputeScope;
pub use convolution::conv2d;
pub use ema::Ema;
pub use error::{OrBackend, TchResult};
pub use export::write_out;
pub use freed_memory::FreedMemory;
pub use gradients::gradients;
pub use host_buffer::HostBuffer;
pub use import::Borrowed;
pub use initialiser::Initialiser;
pub use layers::{Conv2d, GroupNorm, Linear, Start, linear};
pub use optimiser::{AdamW, AdamWSettings, Sgd, SgdSettings};
pub use parameters::{ParameterId, Parameters};
pub use placement::{device, say_device};
pub use precision::Precision;
pub use processes::average_over_processes;
pub use workers::in_order;
