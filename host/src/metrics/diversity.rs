use super::cosine;
use crate::pipeline::matrix::Matrix;

/// Rows of each label, by ascending label.
fn groups(labels: &[i64]) -> Vec<(i64, Vec<usize>)> {
    let mut map = std::collections::BTreeMap::<i64, Vec<usize>>::new();
    for (i, label) in labels.iter().enumerate() {
        map.entry(*label).or_default().push(i);
    }
    map.into_iter().collect()
}

/// Intra-class diversity D as DCFace measures it: improved recall (Kynkaanniemi et al. 2019) an identity, averaged over identities. The
/// share of the real images of a label that lie in the ball of at least one generated image of that label, whose radius is the distance to
/// its `k`-th nearest other generated image. Cosine distance. Labels without more than `k` generated images do not count; NaN where no
/// label has both, as for fictional identities.
pub fn improved_recall(generated: (&Matrix, &[i64]), real: (&Matrix, &[i64]), k: usize) -> f64 {
    let real_groups = groups(real.1);
    let mut recalls = Vec::new();
    for (label, ours) in groups(generated.1) {
        let Some((_, theirs)) = real_groups.iter().find(|(l, _)| *l == label) else {
            continue;
        };
        if ours.len() <= k || k == 0 {
            continue;
        }
        let radius: Vec<f64> = ours
            .iter()
            .map(|i| {
                let mut to: Vec<f64> = ours
                    .iter()
                    .filter(|j| *j != i)
                    .map(|j| 1.0 - cosine(generated.0.row(*i), generated.0.row(*j)))
                    .collect();
                to.sort_unstable_by(f64::total_cmp);
                to[k - 1]
            })
            .collect();
        let inside = theirs.iter().filter(|r| {
            ours.iter()
                .zip(&radius)
                .any(|(g, radius)| 1.0 - cosine(real.0.row(**r), generated.0.row(*g)) <= *radius)
        });
        recalls.push(inside.count() as f64 / theirs.len() as f64);
    }
    recalls.iter().sum::<f64>() / recalls.len() as f64
}

/// Reference-free diversity: the mean cosine distance over pairs of images of one identity, averaged over identities with two or more.
pub fn mean_pairwise_distance(unit: &Matrix, labels: &[i64]) -> f64 {
    let mut means = Vec::new();
    for (_, rows) in groups(labels).into_iter().filter(|(_, rows)| rows.len() > 1) {
        let pairs = rows
            .iter()
            .enumerate()
            .flat_map(|(at, i)| rows[at + 1..].iter().map(move |j| (*i, *j)));
        let distances: Vec<f64> = pairs.map(|(i, j)| 1.0 - cosine(unit.row(i), unit.row(j))).collect();
        means.push(distances.iter().sum::<f64>() / distances.len() as f64);
    }
    means.iter().sum::<f64>() / means.len() as f64
}
