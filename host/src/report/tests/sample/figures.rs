//! The sample's figures.

use super::{Pictures, noise};
use crate::report::input::*;

pub(super) fn figures(pictures: Pictures<'_>) -> Figures {
    let real = |id: usize, n: usize| -> Vec<Picture> { (0..n).map(|j| pictures(false, id, j)).collect() };
    let made = |id: usize, n: usize| -> Vec<Picture> { (0..n).map(|j| pictures(true, id, j)).collect() };
    let parent = |id: usize| RealId {
        name: format!("s{}", id + 1),
        variance: 0.35 + 0.2 * noise(id + 50),
        pictures: real(id, 1),
    };
    let at = |id: usize, t: f64| Interpolated {
        t,
        cosine_first: 0.71 + 0.5 * (0.5 - t),
        cosine_second: 0.71 - 0.5 * (0.5 - t),
        pictures: made(id, 6),
    };
    let between = |n: usize, decision: Decision| Between {
        name: format!("candidate {}", 17 + 31 * n),
        left: Some(parent(2 * n)),
        right: Some(parent(2 * n + 1)),
        t: 0.5 + 0.1 * noise(n),
        variance: 0.36 + 0.1 * noise(n + 9),
        decision,
        pictures: made(n, 3),
    };
    Figures {
        variance: (0..3)
            .map(|n| VariancePair {
                first: parent(3 * n),
                second: parent(3 * n + 1),
                without: at(n, 0.5),
                with: at(n + 4, 0.5 + 0.12 * noise(n + 3)),
            })
            .collect(),
        discarded: (0..6)
            .map(|n| {
                let cosine = 0.76 + 0.01 * n as f64;
                between(
                    n,
                    if n % 2 == 0 {
                        Decision::Real {
                            blocker: format!("s{}", 2 * n + 1),
                            cosine,
                        }
                    } else {
                        Decision::AlreadySelected {
                            blocker: format!("f{}", 3 * n),
                            cosine,
                        }
                    },
                )
            })
            .collect(),
        selected: (6..12)
            .map(|n| {
                between(
                    n,
                    Decision::Selected {
                        nearest_real: 0.66 + 0.004 * n as f64,
                    },
                )
            })
            .collect(),
        real_and_generated: (0..5)
            .map(|id| RealAndGenerated {
                name: format!("s{}", id + 1),
                real: real(id, 4),
                generated: made(id, 8),
            })
            .collect(),
        contact: (0..12)
            .map(|id| ContactRow {
                name: format!("f{id}"),
                parents: Some((format!("s{}", id + 1), format!("s{}", id + 9))),
                pictures: made(id, 20),
            })
            .collect(),
    }
}
