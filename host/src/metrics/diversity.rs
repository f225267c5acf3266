use std::collections::BTreeMap;

use ficta_core::{Ctx, Result};

use super::{cosine, rounds::in_rounds};
use crate::pipeline::matrix::Matrix;

/// Identities that are looked at between two reports of progress.
const ROUND: usize = 256;

/// Rows of each label, by ascending label.
fn groups(labels: &[i64]) -> Vec<(i64, Vec<usize>)> {
    let mut map = BTreeMap::<i64, Vec<usize>>::new();
    for (i, label) in labels.iter().enumerate() {
        map.entry(*label).or_default().push(i);
    }
    map.into_iter().collect()
}

/// Improved recall (Kynkaanniemi et al. 2019) of each label of the generated images, ascending: the share of the real images of that
/// label that lie in the ball of at least one generated image of it, whose radius is the distance to its `k`-th nearest other generated
/// image. Cosine distance. NaN for labels without real images or without more than `k` generated ones, as for fictional identities. The
/// mean over identities is the intra-class diversity D as DCFace measures it.
///
/// # Errors
/// Cancellation.
pub fn improved_recall_of_each(
    generated: (&Matrix, &[i64]),
    real: (&Matrix, &[i64]),
    k: usize,
    ctx: &Ctx<'_>,
) -> Result<Vec<f64>> {
    let real_groups: BTreeMap<i64, Vec<usize>> = groups(real.1).into_iter().collect();
    let groups = groups(generated.1);
    let one = |at: usize| {
        let (label, ours) = &groups[at];
        match real_groups.get(label) {
            Some(theirs) if ours.len() > k && k > 0 => recall(generated.0, ours, real.0, theirs, k),
            _ => f64::NAN,
        }
    };
    in_rounds(groups.len(), ROUND, (ctx, "identities"), one)
}

fn recall(generated: &Matrix, ours: &[usize], real: &Matrix, theirs: &[usize], k: usize) -> f64 {
    let distance = |a: &[f32], b: &[f32]| 1.0 - cosine(a, b);
    let radius: Vec<f64> = ours
        .iter()
        .map(|i| {
            let others = ours.iter().filter(|j| *j != i);
            let mut to: Vec<f64> = others.map(|j| distance(generated.row(*i), generated.row(*j))).collect();
            to.sort_unstable_by(f64::total_cmp);
            to[k - 1]
        })
        .collect();
    let inside = theirs.iter().filter(|r| {
        let mut balls = ours.iter().zip(&radius);
        balls.any(|(g, radius)| distance(real.row(**r), generated.row(*g)) <= *radius)
    });
    inside.count() as f64 / theirs.len() as f64
}

/// Mean cosine distance over pairs of images of each label, ascending; NaN for labels with one image. The mean over identities is the
/// diversity D that needs no reference.
///
/// # Errors
/// Cancellation.
pub fn pairwise_distance_of_each(unit: &Matrix, labels: &[i64], ctx: &Ctx<'_>) -> Result<Vec<f64>> {
    let groups = groups(labels);
    let one = |at: usize| {
        let rows = &groups[at].1;
        let pairs = rows
            .iter()
            .enumerate()
            .flat_map(|(at, i)| rows[at + 1..].iter().map(move |j| (*i, *j)));
        let distances: Vec<f64> = pairs.map(|(i, j)| 1.0 - cosine(unit.row(i), unit.row(j))).collect();
        distances.iter().sum::<f64>() / distances.len() as f64
    };
    in_rounds(groups.len(), ROUND, (ctx, "identities"), one)
}
