//! The method as two nested loops, one thread, nothing remembered: the reference.
//!
//! It shares no code with the plugin, only the documented order in which a cosine is summed.

use ficta_core::{Decision, random::Stream};
use ficta_id_nms::{IdNmsParams, Metric, Order};

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

/// How similar two are: by cosine, or by the negative of a distance over their spreads.
fn score(metric: Metric, cosine: f64, v: f32, w: f32) -> f64 {
    match metric {
        Metric::Cosine => cosine,
        Metric::VarianceDistance if cosine == 1.0 => 0.0,
        Metric::VarianceDistance => -((1.0 - cosine) / (f64::from(v).sqrt() + f64::from(w).sqrt())),
    }
}

/// Score, cosine, index.
type Found = (f64, f64, usize);

/// The largest score, and of equals the lowest index.
fn largest(mut all: Vec<Found>) -> Option<Found> {
    all.sort_by(|x, y| y.0.partial_cmp(&x.0).unwrap().then(x.2.cmp(&y.2)));
    all.first().copied()
}

pub fn select(scene: &Scene, params: &IdNmsParams, seed: u64) -> Decided {
    let k = scene.len();
    let mut out = Decided::unseen(k);
    let (limit_real, limit_selected) = match params.metric {
        Metric::Cosine => (params.threshold_real, params.threshold_selected),
        Metric::VarianceDistance => (-params.distance_real, -params.distance_selected),
    };
    let variance = |i: usize| scene.variance.as_ref().map_or(0.0, |v| v[i]);
    let mut selected: Vec<usize> = Vec::new();
    let mut children = vec![0; scene.real_len()];
    for i in order(scene, params.order, seed) {
        if params.target > 0 && selected.len() == params.target {
            break;
        }
        let mut drop = |decision, (_, cosine, blocker): Found| {
            out.decision[i] = decision;
            out.blocker[i] = blocker as i64;
            out.cosine[i] = (cosine as f32).to_bits();
        };
        let me = scene.candidate(i);
        let to_real = |j: usize| {
            let c = cosine(me, scene.real(j));
            (score(params.metric, c, variance(i), scene.real_variance[j]), c, j)
        };
        if let Some(found) = largest((0..scene.real_len()).map(to_real).collect()).filter(|m| m.0 > limit_real) {
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
            drop(Decision::PARENT_CAP, (0.0, cosine(me, scene.real(*p)), *p));
            continue;
        }
        let to_selected = |j: &usize| {
            let c = cosine(me, scene.candidate(*j));
            (score(params.metric, c, variance(i), variance(*j)), c, *j)
        };
        if let Some(found) = largest(selected.iter().map(to_selected).collect()).filter(|m| m.0 > limit_selected) {
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
