use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{cosine, mean_of_known};
use crate::pipeline::matrix::Matrix;

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
/// image. Cosine distance. NaN for labels without real images or without more than `k` generated ones.
pub fn improved_recall_of_each(generated: (&Matrix, &[i64]), real: (&Matrix, &[i64]), k: usize) -> Vec<f64> {
    let real_groups: BTreeMap<i64, Vec<usize>> = groups(real.1).into_iter().collect();
    let one = |(label, ours): &(i64, Vec<usize>)| match real_groups.get(label) {
        Some(theirs) if ours.len() > k && k > 0 => recall(generated.0, ours, real.0, theirs, k),
        _ => f64::NAN,
    };
    groups(generated.1).par_iter().map(one).collect()
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

/// Intra-class diversity D as DCFace measures it: the mean over identities of [`improved_recall_of_each`]. NaN where no label has both
/// real and generated images, as for fictional identities.
pub fn improved_recall(generated: (&Matrix, &[i64]), real: (&Matrix, &[i64]), k: usize) -> f64 {
    mean_of_known(&improved_recall_of_each(generated, real, k))
}

/// Mean cosine distance over pairs of images of each label, ascending; NaN for labels with one image.
pub fn pairwise_distance_of_each(unit: &Matrix, labels: &[i64]) -> Vec<f64> {
    let one = |(_, rows): &(i64, Vec<usize>)| {
        let pairs = rows
            .iter()
            .enumerate()
            .flat_map(|(at, i)| rows[at + 1..].iter().map(move |j| (*i, *j)));
        let distances: Vec<f64> = pairs.map(|(i, j)| 1.0 - cosine(unit.row(i), unit.row(j))).collect();
        distances.iter().sum::<f64>() / distances.len() as f64
    };
    groups(labels).par_iter().map(one).collect()
}

/// Reference-free diversity: the mean over identities with two or more images of [`pairwise_distance_of_each`].
pub fn mean_pairwise_distance(unit: &Matrix, labels: &[i64]) -> f64 {
    mean_of_known(&pairwise_distance_of_each(unit, labels))
}
