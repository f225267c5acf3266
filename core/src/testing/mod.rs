//! Test kit for plugin authors (feature `testing`).
//!
//! * [`check_gradient`]: a loss's analytic gradient against finite differences.
//! * [`assert_close`]: two slices of numbers within a tolerance.
//! * [`assert_tensor_snapshot!`](crate::assert_tensor_snapshot): a tensor against a stored snapshot, within a tolerance.
//! * [`RecordingHost`]: a host that keeps what it is told and cancels on request; [`NullHost`](crate::NullHost) where that is not needed.
//! * [`ToyDenoiser`]: a denoiser whose exact answers are known, for testing samplers.
//!
//! Pair a snapshot with one of the other checks: a snapshot alone can pin a wrong result.

mod closeness;
mod gradient;
mod loss_batch;
mod recording_host;
mod snapshot;
mod toy_denoiser;

pub use closeness::{assert_close, differences};
pub use gradient::{GradientReport, Mismatch, Steps, check_gradient, check_gradient_with};
pub use loss_batch::{LossBatch, LossOutput};
pub use recording_host::RecordingHost;
pub use snapshot::{NumericComparator, describe_tensor};
pub use toy_denoiser::{ToyDenoiser, cosine_alpha_bar};

#[doc(hidden)]
pub use insta;
