//! Selectors of fictional identities.
//!
//! `id-nms` discards a candidate that is too similar to a real identity or to one already selected. That rule stands in the paper's
//! supplement; score, thresholds and metric are not published, so those are ours. `k-centre` spreads a given number as far apart as
//! it can, with the real identities as centres from the start. `all` selects without any rule, for the ablation.

mod codec;
mod columns;
mod crowd;
mod dot;
mod family;
mod field;
mod greedy;
mod id_nms;
mod journal;
mod k_centre;
mod keep_all;
mod kernel;
mod kin;
mod metric;
mod neighbours;
mod order;
mod outcome;
mod parent_quota;
mod queries;
mod rows;
mod scan;
mod scene;
mod search;
mod seeker;
mod span;
mod stages;
mod workers;
mod yield_curve;

pub use id_nms::{IdNms, IdNmsParams};
pub use journal::Checkpoint;
pub use k_centre::{KCentre, KCentreParams};
pub use keep_all::{KeepAll, KeepAllParams};
pub use metric::Metric;
pub use order::Order;

ficta_core::register_selector!(
    IdNms,
    "id-nms",
    "Greedy: drops what is too similar to a real or a selected identity"
);
ficta_core::register_selector!(KeepAll, "all", "Keeps every candidate: the ablation without NMS");

ficta_core::register_selector!(
    KCentre,
    "k-centre",
    "Farthest point first: each time the candidate least similar to all real and selected ones (Gonzalez 1985)"
);

ficta_core::export_plugin!();
