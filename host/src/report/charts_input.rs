//! Curves and distributions that the report draws.

use serde::Serialize;

/// The charts. Empty lists leave a chart out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Charts {
    /// Histograms of similarities, one chart each.
    pub similarities: Vec<Similarities>,
    /// ROC curves; one chart per verification set.
    pub roc: Vec<RocCurve>,
    /// Losses over training; one chart per [`TrainingCurve::chart`].
    pub training: Vec<TrainingCurve>,
    /// NMS yield: survivors over the threshold; all in one chart.
    pub nms_yield: Vec<YieldCurve>,
    /// Share of candidates kept by predicted variance.
    pub variance_yield: Vec<VarianceBin>,
}

/// One chart of one or more distributions of cosines.
#[derive(Debug, Clone, Serialize)]
pub struct Similarities {
    /// Title, for example "Held-out people, backbone trained on fictional-20".
    pub title: String,
    /// One sentence below the chart; may be empty.
    pub caption: String,
    /// The distributions.
    pub series: Vec<SimilaritySeries>,
    /// Thresholds to mark, with their names.
    pub marks: Vec<(String, f64)>,
}

/// What the values of a distribution are; sets the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimilarityKind {
    /// Pairs of one ID.
    Genuine,
    /// Pairs of two IDs.
    Impostor,
    /// Each fictional ID's largest cosine to any real ID.
    NearestReal,
    /// Anything else.
    Other,
}

/// Values of one distribution. Each is drawn as a density, so that sizes need not agree.
#[derive(Debug, Clone, Serialize)]
pub struct SimilaritySeries {
    /// Name in the legend.
    pub name: String,
    /// What the values are.
    pub kind: SimilarityKind,
    /// Cosines; values that are not finite are left out and counted in the legend.
    pub values: Vec<f32>,
}

/// ROC of one arm on one verification set.
#[derive(Debug, Clone, Serialize)]
pub struct RocCurve {
    /// Name of the arm.
    pub arm: String,
    /// Name of the verification set.
    pub set: String,
    /// (FAR, TAR), fractions, FAR ascending. FAR 0 is drawn at the left edge.
    pub points: Vec<(f64, f64)>,
}

/// One loss curve.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingCurve {
    /// Title of the chart that it belongs to, for example "Denoiser loss" or "FR loss".
    pub chart: String,
    /// Name in the legend, for example the arm; curves of one name (seeds) share a colour.
    pub series: String,
    /// Seed, where there are several.
    pub seed: Option<u64>,
    /// (optimizer step, loss); thinned by the report where there are many.
    pub points: Vec<(u64, f64)>,
}

/// Survivors of NMS over a grid of one threshold.
#[derive(Debug, Clone, Serialize)]
pub struct YieldCurve {
    /// Name in the legend, for example "both thresholds" or "threshold_real alone".
    pub name: String,
    /// Number of candidates before NMS.
    pub candidates: u64,
    /// (threshold, survivors), threshold ascending.
    pub points: Vec<(f64, u64)>,
    /// The threshold that the run used, where it used one.
    pub used: Option<f64>,
}

/// Candidates whose predicted variance lies in [lower, upper), and how many were kept.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct VarianceBin {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Candidates.
    pub candidates: u64,
    /// Kept of them.
    pub kept: u64,
}
