//! Folds: people dealt to them, and pairs.

use ficta_core::random::Stream;

/// Deals `people` to `folds` groups whose sizes differ by one at most, at random by seed and round.
pub fn deal(people: &[i64], folds: usize, seed: u64, round: usize) -> Vec<Vec<i64>> {
    let mut order = people.to_vec();
    Stream::new(seed, "evaluation.folds", round as u64, 0).shuffle(&mut order);
    let mut dealt = vec![Vec::new(); folds];
    for (i, person) in order.into_iter().enumerate() {
        dealt[i % folds].push(person);
    }
    dealt
}

/// Fold of each of `count` items, as scikit-learn's `KFold(folds)` without shuffling: contiguous, the first `count % folds` one longer.
pub fn contiguous(count: usize, folds: usize) -> Vec<usize> {
    (0..folds)
        .flat_map(|fold| std::iter::repeat_n(fold, count / folds + usize::from(fold < count % folds)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::contiguous;

    #[test]
    fn folds_are_scikit_learns() {
        // [len(test) for _, test in KFold(4).split(range(10))] == [3, 3, 2, 2]
        assert_eq!(contiguous(10, 4), [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]);
        assert_eq!(contiguous(6000, 10).iter().filter(|f| **f == 9).count(), 600);
    }
}
