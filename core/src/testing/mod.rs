//! Test kit for plugin authors (feature `testing`).
//!
//! * [`BuiltLibrary`]: the crate's own library, opened as the host opens it; its conformance suite ([`conformance`], the same as
//!   `ficta plugins check` runs) and [`assert_plugin_snapshot!`](crate::assert_plugin_snapshot) of its output.
//! * [`check_gradient`]: a loss's analytic gradient against finite differences.
//! * [`assert_close`]: two slices of numbers within a tolerance.
//! * [`assert_tensor_snapshot!`](crate::assert_tensor_snapshot): a tensor against a stored snapshot, within a tolerance.
//! * [`RecordingHost`]: a host that keeps what it is told and cancels on request; [`NullHost`](crate::NullHost) where that is not needed.
//! * [`in_processes`]: several processes that reduce over shared memory, for a loss of a split head.
//! * [`ToyDenoiser`]: a denoiser whose exact answers are known, for testing samplers.
//!
//! Pair a snapshot with one of the other checks: a snapshot alone can pin a wrong result.

mod built_library;
mod closeness;
pub mod conformance;
mod describe;
mod gradient;
mod in_processes;
mod loss_batch;
mod maker;
mod output;
mod recording_host;
#[cfg(feature = "testing")]
mod snapshot;
mod standard;
mod toy_denoiser;

pub use built_library::BuiltLibrary;
pub use closeness::{assert_close, differences};
pub use describe::describe_tensor;
pub use gradient::{GradientReport, Mismatch, Steps, check_gradient, check_gradient_with};
pub use in_processes::in_processes;
pub use loss_batch::{LossBatch, LossOutput};
pub use maker::{Make, Maker};
pub use output::{Output, Recorded};
pub use recording_host::RecordingHost;
#[cfg(feature = "testing")]
pub use snapshot::NumericComparator;
pub use toy_denoiser::{ToyDenoiser, cosine_alpha_bar};

#[cfg(feature = "testing")]
#[doc(hidden)]
pub use insta;
