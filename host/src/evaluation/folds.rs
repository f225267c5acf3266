//! People dealt to folds.

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
