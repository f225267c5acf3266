//! The method as two nested loops, one thread, nothing remembered: the reference.
//!
//! It shares no code with the plugin, only the documented order in which a cosine is summed.

use ficta_core::{Decision, random::Stream};
use ficta_id_nms::{IdNmsParams, Order};

use crate::scene::{Decided, Scene};

/// In eight lanes, as the plugin documents.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| {
        let mut lanes = [0f64; 8];
        let whole = x.len() / 8 * 8;
        for k in 0..whole {
            lanes[k % 8] += f64::from(x[k]) * f64::from(y[k]);
        }
        let mut sum = 0.0;
        for lane in lanes {
            sum += lane;
        }
        let mut rest = 0.0;
        for k in whole..x.len() {
            rest += f64::from(x[k]) * f64::from(y[k]);
        }
        sum + rest
    };
    (dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())).clamp(-1.0, 1.0)
}

fn order(scene: &Scene, order: Order, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..scene.len()).collect();
    let score: Vec<f64> = match (order, &scene.variance) {
        (Order::Given, _) | (Order::Variance, None) => vec![0.0; scene.len()],
        (Order::Random, _) => {
            Stream::new(seed, "id-nms order", 0, 0).shuffle(&mut all);
            return all;
        }
        (Order::Variance, Some(v)) => v
            .iter()
            .map(|v| if v.is_nan() { f64::MAX } else { -f64::from(*v) })
            .collect(),
        (Order::MaxCosine, _) => all
            .iter()
            .map(|i| {
                (0..scene.real_len())
                    .map(|j| cosine(scene.candidate(*i), scene.real(j)))
                    .fold(-1.0, f64::max)
            })
            .collect(),
    };
    all.sort_by(|a, b| score[*a].partial_cmp(&score[*b]).unwrap().then(a.cmp(b)));
    all
}

/// The largest, and of equals the lowest index.
fn largest(mut all: Vec<(f64, usize)>) -> Option<(f64, usize)> {
    all.sort_by(|x, y| y.0.partial_cmp(&x.0).unwrap().then(x.1.cmp(&y.1)));
    all.first().copied()
}

pub fn select(scene: &Scene, params: &IdNmsParams, seed: u64) -> Decided {
    let k = scene.len();
    let mut out = Decided {
        decision: vec![Decision::TARGET_REACHED; k],
        blocker: vec![-1; k],
        cosine: vec![f32::NAN.to_bits(); k],
        rank: vec![-1; k],
        selected: 0,
    };
    let mut selected: Vec<usize> = Vec::new();
    let mut children = vec![0; scene.real_len()];
    for i in order(scene, params.order, seed) {
        if params.target > 0 && selected.len() == params.target {
            break;
        }
        let mut drop = |decision, (cosine, blocker): (f64, usize)| {
            out.decision[i] = decision;
            out.blocker[i] = blocker as i64;
            out.cosine[i] = (cosine as f32).to_bits();
        };
        let me = scene.candidate(i);
        let real = largest((0..scene.real_len()).map(|j| (cosine(me, scene.real(j)), j)).collect());
        if let Some(found) = real.filter(|m| m.0 > params.threshold_real) {
            drop(Decision::REAL, found);
            continue;
        }
        let mut parents: Vec<usize> = match &scene.parents {
            Some(p) if params.max_per_parent > 0 => p[2 * i..2 * i + 2]
                .iter()
                .filter(|p| **p >= 0)
                .map(|p| *p as usize)
                .collect(),
            _ => Vec::new(),
        };
        parents.dedup();
        if let Some(p) = parents.iter().find(|p| children[**p] == params.max_per_parent) {
            drop(Decision::PARENT_CAP, (cosine(me, scene.real(*p)), *p));
            continue;
        }
        let twin = largest(selected.iter().map(|j| (cosine(me, scene.candidate(*j)), *j)).collect());
        if let Some(found) = twin.filter(|m| m.0 > params.threshold_selected) {
            drop(Decision::SELECTED, found);
            continue;
        }
        out.decision[i] = Decision::KEEP;
        out.rank[i] = selected.len() as i64;
        selected.push(i);
        parents.iter().for_each(|p| children[*p] += 1);
    }
    out.selected = selected.len();
    out
}
