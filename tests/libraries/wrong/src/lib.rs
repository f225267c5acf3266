//! The templates of `ficta plugins new`, each with a fault of choice: what a conformance suite must find.

mod backbone;
mod communicator;
mod denoiser;
mod encoder;
mod loss;
mod proposer;
mod sampler;
mod selector;

use std::time::Duration;

use ficta_core::{Ctx, Result};

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

/// Faults that are alike in every kind, before its own work.
fn common(fault: &str, ctx: &Ctx<'_>) -> Result<()> {
    match fault {
        "progress-falls" => {
            ctx.progress(2, 3, "rows")?;
            ctx.progress(1, 3, "rows")
        }
        "slow-to-stop" if ctx.check_cancelled().is_err() => {
            std::thread::sleep(Duration::from_millis(1050));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// For faults that panic where there is nothing to do.
fn expect_some(fault: &str, rows: Option<&usize>) {
    assert!(fault != "panics-on-nothing" || rows != Some(&0), "nothing to do");
}

/// A small number that changes from call to call.
fn trembling() -> f32 {
    (tick() % 7) as f32 * 1e-6
}

/// Changes from call to call.
fn tick() -> u64 {
    static TICKS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    TICKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

ficta_core::export_plugin!();
