//! The protocols of verification sets.

use serde::{Deserialize, Serialize};

use super::thresholds::{Thresholds, arange};

/// How two embeddings are compared, and which thresholds are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// InsightFace's `verification.py`: squared Euclidean distance of unit embeddings; one person where it is below the threshold; thresholds
    /// `arange(0, 4, 0.01)`, and `arange(0, 4, 0.001)` for VAL@FAR.
    #[default]
    Insightface,
    /// Cosine similarity; one person where it is above the threshold; thresholds `arange(-1, 1, 0.005)`, as in CosFace's LFW evaluation in
    /// PyTorch, and `arange(-1, 1, 0.0005)` for VAL@FAR.
    Cosine,
}

impl Protocol {
    /// Thresholds for the accuracy.
    pub fn thresholds(self) -> Thresholds {
        match self {
            Self::Insightface => Thresholds::of_distances(arange(0.0, 4.0, 0.01)),
            Self::Cosine => Thresholds::of_similarities(&arange(-1.0, 1.0, 0.005)),
        }
    }

    /// Thresholds for VAL@FAR.
    pub fn fine_thresholds(self) -> Thresholds {
        match self {
            Self::Insightface => Thresholds::of_distances(arange(0.0, 4.0, 0.001)),
            Self::Cosine => Thresholds::of_similarities(&arange(-1.0, 1.0, 0.0005)),
        }
    }

    /// What ranks a pair, the smaller the more alike: the squared distance, or the cosine with its sign changed. Both vectors are of unit length.
    pub fn distance(self, a: &[f64], b: &[f64]) -> f64 {
        match self {
            Self::Insightface => sum(a, b, |x, y| (x - y) * (x - y)),
            Self::Cosine => -sum(a, b, |x, y| x * y),
        }
    }

    /// A threshold or a distance in the protocol's own terms: squared distance, or cosine.
    pub fn shown(self, distance: f64) -> f64 {
        match self {
            Self::Insightface => distance,
            Self::Cosine => -distance,
        }
    }
}

/// Sum of `term` over both vectors, in eight parts that a processor adds up side by side.
fn sum(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut parts = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (x, y) in a8.iter().zip(b8) {
        for lane in 0..8 {
            parts[lane] += term(x[lane], y[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| term(*x, *y)).sum();
    parts.iter().sum::<f64>() + rest
}

/// Length of a vector.
pub(super) fn norm(a: &[f64]) -> f64 {
    sum(a, a, |x, y| x * y).sqrt()
}
