//! VAL@FAR: true acceptance at a threshold that other folds chose for a false acceptance rate.

use serde::{Deserialize, Serialize};

use super::{cross_validation::mean_and_deviation, thresholds::Thresholds};

/// InsightFace's `calculate_val`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Val {
    /// The false acceptance rate asked for.
    pub target: f64,
    /// Mean true acceptance rate (validation rate) over the folds.
    pub val: f64,
    /// Population deviation of the same.
    pub deviation: f64,
    /// Mean false acceptance rate that was met on the folds.
    pub far: f64,
}

/// For each fold, the threshold at which the false acceptance rate of the other folds is `target`, by linear interpolation between the thresholds
/// tried (0 where no threshold reaches it); then the true and false acceptance rates of the fold at it. Where several thresholds have one rate, the
/// last of them counts, as in `numpy.interp` and in the `interp1d` of SciPy 1.0 that InsightFace was written for. A fold without genuine pairs gives no true acceptance rate, one without impostors no false one.
pub fn val_at_far(
    distances: &[f64],
    same: &[bool],
    fold: &[usize],
    folds: usize,
    thresholds: &Thresholds,
    target: f64,
) -> Val {
    let steps = &thresholds.ascending;
    // impostors[fold][step]: accepted at the step.
    let mut accepted = vec![vec![0u64; steps.len()]; folds];
    let mut impostors = vec![0u64; folds];
    for ((d, same), fold) in distances.iter().zip(same).zip(fold) {
        if !same {
            impostors[*fold] += 1;
            if let Some(count) = accepted[*fold].get_mut(thresholds.first_above(*d)) {
                *count += 1;
            }
        }
    }
    for of_fold in &mut accepted {
        let mut sum = 0;
        for count in of_fold {
            sum += *count;
            *count = sum;
        }
    }
    let all: Vec<u64> = (0..steps.len())
        .map(|step| accepted.iter().map(|f| f[step]).sum())
        .collect();
    let total: u64 = impostors.iter().sum();
    let (mut vals, mut fars) = (Vec::with_capacity(folds), Vec::with_capacity(folds));
    for this in 0..folds {
        let others = (total - impostors[this]) as f64;
        let rates: Vec<f64> = all
            .iter()
            .zip(&accepted[this])
            .map(|(all, own)| (all - own) as f64 / others)
            .collect();
        // Never reached: nothing is accepted, whatever the distances are measured in.
        let threshold =
            interpolate(target, &rates, steps).unwrap_or(if steps[0] < 0.0 { f64::NEG_INFINITY } else { 0.0 });
        let rate = |genuine: bool| {
            let of_kind = || (0..fold.len()).filter(|i| fold[*i] == this && same[*i] == genuine);
            of_kind().filter(|i| distances[*i] < threshold).count() as f64 / of_kind().count() as f64
        };
        vals.push(rate(true));
        fars.push(rate(false));
    }
    let (val, deviation) = mean_and_deviation(&vals);
    Val {
        target,
        val,
        deviation,
        far: mean_and_deviation(&fars).0,
    }
}

/// `numpy.interp(target, rates, thresholds)` for ascending rates; `None` where they stay below the target.
fn interpolate(target: f64, rates: &[f64], thresholds: &[f64]) -> Option<f64> {
    let reached = rates.last().is_some_and(|highest| *highest >= target);
    let next = rates.partition_point(|rate| *rate <= target);
    match next {
        _ if !reached => None,
        0 => thresholds.first().copied(),
        next if next == rates.len() => thresholds.last().copied(),
        next => {
            let (x, y) = (rates[next - 1], thresholds[next - 1]);
            let slope = (thresholds[next] - y) / (rates[next] - x);
            Some(slope * (target - x) + y)
        }
    }
}
