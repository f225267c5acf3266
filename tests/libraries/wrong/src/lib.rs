//! The templates of `ficta plugins new`, each with a fault of choice: what a conformance suite must find.

mod backbone;
mod communicator;
mod denoiser;
mod encoder;
mod loss;
mod proposer;
mod sampler;
mod selector;

/// Parameters.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Which fault; each file lists its own.
    pub fault: String,
}

impl Default for Params {
    fn default() -> Self {
        Self { fault: "none".into() }
    }
}

/// Changes from call to call.
fn tick() -> u64 {
    static TICKS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    TICKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

ficta_core::export_plugin!();
