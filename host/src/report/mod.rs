//! The last stage of a run: one self-contained page with its tables, figures and charts, and the same as files.
//!
//! [`files`] turns an [`Input`](input::Input) into named contents, [`write`] puts them in a folder, which appears whole or not
//! at all. Both give the same bytes for the same input: no times, no paths, no addresses. The page loads nothing.
//!
//! | file | holds |
//! |---|---|
//! | `index.html` | the page; pictures and charts are inside it |
//! | `report.json` | every number, curve and text of the page |
//! | `arms.csv`, `arms.md` | the table of arms |
//! | `claims.csv`, `metrics.csv` | paired comparisons; metrics with convention, threshold, evaluator and seed |
//! | `roc.csv`, `training.csv`, `similarities.csv`, `nms_yield.csv`, `variance_yield.csv` | the data of the charts |
//! | `charts/*.svg`, `charts/*.png` | each chart |
//! | `figures/*.png` | each figure as a sheet |

mod arms_table;
mod chart;
mod charts_input;
mod claims;
pub mod contact;
mod csv;
mod escape;
mod figure_view;
mod figures_input;
mod files;
mod folder;
mod gap;
mod histogram;
pub mod input;
mod json;
mod markdown;
mod metrics_table;
mod number;
mod page;
mod panels;
mod picture;
mod plates;
mod png;
mod provenance;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod verification;

pub use files::files;
pub use folder::write;
pub(crate) use gap::gap_percent;
pub(crate) use number::grouped;
pub use provenance::provenance;
pub use text::text_table;
pub use verification::{verification_csv, verification_markdown, verification_roc_csv, verification_text};
