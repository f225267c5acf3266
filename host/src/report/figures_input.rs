//! Pictures that the report shows.

use serde::Serialize;

pub use super::picture::Picture;

/// The figures. Empty lists leave a figure out. The order given is the order shown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// Fig. 1: pairs of real IDs with their fictional ID without and with variance.
    pub variance: Vec<VariancePair>,
    /// Fig. 2: discarded candidates between their parents.
    pub discarded: Vec<Between>,
    /// Fig. 3: selected candidates between their parents.
    pub selected: Vec<Between>,
    /// Fig. 4: real beside generated images, one ID a row.
    pub real_and_generated: Vec<RealAndGenerated>,
    /// Contact sheet: fictional IDs by images.
    pub contact: Vec<ContactRow>,
}

/// A real ID that is a parent.
#[derive(Debug, Clone, Serialize)]
pub struct RealId {
    /// Its name, for example "s12".
    pub name: String,
    /// Its total variance V; NaN if not known.
    pub variance: f64,
    /// Its images; one is enough.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
}

/// A fictional ID made at one place between two real ones.
#[derive(Debug, Clone, Serialize)]
pub struct Interpolated {
    /// Where, measured from the first parent.
    pub t: f64,
    /// Cosine of the ID to the first parent.
    pub cosine_first: f64,
    /// Cosine of the ID to the second parent.
    pub cosine_second: f64,
    /// Generated images.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
}

/// Two real IDs with their fictional ID by midpoint and by variance. The report puts the parent with the greater variance above.
#[derive(Debug, Clone, Serialize)]
pub struct VariancePair {
    /// First parent.
    pub first: RealId,
    /// Second parent.
    pub second: RealId,
    /// The fictional ID without variance (midpoint).
    pub without: Interpolated,
    /// The fictional ID with variance.
    pub with: Interpolated,
}

/// Why a candidate stayed or went.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Selected; with its largest cosine to any real ID, NaN if not known.
    Selected {
        /// The largest cosine to any real ID.
        nearest_real: f64,
    },
    /// Discarded: too near a real ID.
    Real {
        /// The real ID's name.
        blocker: String,
        /// The cosine to it.
        cosine: f64,
    },
    /// Discarded: too near a candidate selected before.
    AlreadySelected {
        /// The selected candidate's name.
        blocker: String,
        /// The cosine to it.
        cosine: f64,
    },
    /// Discarded: one of its parents has as many children as allowed.
    ParentCap,
    /// Not considered any more: enough were selected.
    TargetReached,
}

/// A candidate between the real IDs that it was made from.
#[derive(Debug, Clone, Serialize)]
pub struct Between {
    /// The candidate's name or index.
    pub name: String,
    /// First parent, where it has one.
    pub left: Option<RealId>,
    /// Second parent, where it has one.
    pub right: Option<RealId>,
    /// Where between them, measured from the first; NaN if not known.
    pub t: f64,
    /// Predicted variance; NaN if not known.
    pub variance: f64,
    /// What became of it.
    pub decision: Decision,
    /// Images generated from it.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
}

/// Real and generated images of one real ID.
#[derive(Debug, Clone, Serialize)]
pub struct RealAndGenerated {
    /// The ID's name.
    pub name: String,
    /// Photographs.
    #[serde(skip)]
    pub real: Vec<Picture>,
    /// Images generated from the ID's feature.
    #[serde(skip)]
    pub generated: Vec<Picture>,
}

/// Images of one fictional ID.
#[derive(Debug, Clone, Serialize)]
pub struct ContactRow {
    /// The ID's name or index.
    pub name: String,
    /// Names of its parents, where it has any.
    pub parents: Option<(String, String)>,
    /// Generated images.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
}
