use serde::Serialize;

/// How to measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// False-match rate on real impostor pairs at which the cosine threshold r is calibrated.
    pub false_match_rate: f64,
    /// r itself, instead of calibrating it.
    pub threshold: Option<f64>,
    /// Neighbours of improved recall.
    pub neighbours: usize,
    /// Pairs of images that are looked at, at most; above that they are drawn.
    pub pairs: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Whether equal labels of the two sets name one person: only then has improved recall a meaning.
    pub labels_match: bool,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            false_match_rate: 1e-3,
            threshold: None,
            neighbours: 3,
            pairs: 5_000_000,
            seed: 0,
            labels_match: false,
        }
    }
}
