//! Selectors of fictional identities.
//!
//! `id-nms` discards a candidate that is too similar to a real identity or to one already selected. That rule stands in the paper's
//! supplement; score, thresholds and metric are not published, so those are ours. `all` selects without it, for the ablation.

mod estimate;
mod greedy;
mod id_nms;
mod keep_all;
mod order;
mod parent_quota;
mod rows;
mod scene;
mod similarity;
mod workers;
mod yield_curve;

pub use id_nms::{IdNms, IdNmsParams};
pub use keep_all::{KeepAll, KeepAllParams};
pub use order::Order;

ficta_core::register_selector!(
    IdNms,
    "id-nms",
    "Greedy: drops what is too similar to a real or a selected identity"
);
ficta_core::register_selector!(KeepAll, "all", "Keeps every candidate: the ablation without NMS");

ficta_core::export_plugin!();
