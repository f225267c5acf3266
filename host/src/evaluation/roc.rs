//! The receiver operating characteristic of a set of pairs.

use serde::{Deserialize, Serialize};

use super::Pair;

/// All operating points of a set of pairs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Roc {
    /// (false acceptance rate, true acceptance rate) after each distinct distance, ascending; from (0, 0) to (1, 1).
    pub points: Vec<(f64, f64)>,
    /// Equal error rate: where FAR = 1 - TAR on the line between the two points around it.
    pub eer: f64,
}

impl Roc {
    /// The largest true acceptance rate at a false acceptance rate of at most `far`.
    pub fn tar_at(&self, far: f64) -> f64 {
        self.points
            .iter()
            .filter(|p| p.0 <= far)
            .map(|p| p.1)
            .fold(0.0, f64::max)
    }
}

/// Every threshold on the distances; `weight` as for [`super::verify`].
pub fn roc(distances: &[f64], pairs: &[Pair], weight: &[f64]) -> Roc {
    let mut order: Vec<usize> = (0..distances.len()).collect();
    order.sort_unstable_by(|a, b| distances[*a].total_cmp(&distances[*b]).then(a.cmp(b)));
    let total = |same: bool| -> f64 {
        pairs
            .iter()
            .zip(weight)
            .filter(|(p, _)| p.same == same)
            .map(|(_, w)| *w)
            .sum()
    };
    let (genuine, impostor) = (total(true), total(false));
    let (mut accepted, mut wrong) = (0.0, 0.0);
    let mut points = vec![(0.0, 0.0)];
    for (at, &i) in order.iter().enumerate() {
        if pairs[i].same {
            accepted += weight[i]
        } else {
            wrong += weight[i]
        }
        let last_of_its_distance = order.get(at + 1).is_none_or(|next| distances[*next] > distances[i]);
        if last_of_its_distance {
            points.push((wrong / impostor, accepted / genuine));
        }
    }
    Roc {
        eer: equal_error(&points),
        points,
    }
}

fn equal_error(points: &[(f64, f64)]) -> f64 {
    // FAR - FRR grows from -1 to 1 along the curve.
    let gap = |p: &(f64, f64)| p.0 - (1.0 - p.1);
    for pair in points.windows(2) {
        let (a, b) = (gap(&pair[0]), gap(&pair[1]));
        if a <= 0.0 && b >= 0.0 {
            let share = if b > a { -a / (b - a) } else { 0.0 };
            return pair[0].0 + share * (pair[1].0 - pair[0].0);
        }
    }
    f64::NAN
}
