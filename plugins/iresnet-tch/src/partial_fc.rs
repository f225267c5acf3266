//! Partial FC (An et al. 2022, "Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition CNNs by Partial FC"): a step judges the
//! classes of its batch and some others.

use ficta_core::random::Stream;

/// The classes whose centres a process holds: process r of W has C / W of C, and one more where r < C mod W.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnClasses {
    /// The first.
    pub first: usize,
    /// How many.
    pub count: usize,
}

/// The centres that a step uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Places among the own classes, ascending.
    pub chosen: Vec<i64>,
    /// Each row's class as a place in `chosen`; -1 where another process holds it.
    pub labels: Vec<i64>,
}

impl OwnClasses {
    /// Of process `rank` of `processes`.
    pub fn of(rank: usize, processes: usize, classes: usize) -> Self {
        let (each, more) = (classes / processes, classes % processes);
        Self {
            first: rank * each + rank.min(more),
            count: each + usize::from(rank < more),
        }
    }

    /// The place of a label among these classes.
    fn place(self, label: i64) -> Option<i64> {
        let place = label - self.first as i64;
        (0..self.count as i64).contains(&place).then_some(place)
    }

    /// All classes of the batch and random others up to the integer part of rate * own classes; the batch's alone where they are more. `None` for a
    /// rate of 1: all are used, in their places. The draw depends on seed, step and the process's first class alone.
    pub fn sample(self, labels: &[i64], rate: f64, seed: u64, step: u64) -> Option<Sample> {
        if rate >= 1.0 {
            return None;
        }
        let wanted = (rate * self.count as f64) as usize;
        let mut is_positive = vec![false; self.count];
        let mut chosen: Vec<i64> = Vec::new();
        for place in labels.iter().filter_map(|y| self.place(*y)) {
            if !std::mem::replace(&mut is_positive[place as usize], true) {
                chosen.push(place);
            }
        }
        let mut others: Vec<i64> = (0..self.count as i64).filter(|p| !is_positive[*p as usize]).collect();
        let mut stream = Stream::new(seed, "partial-fc", step, self.first as u64);
        // The front of a Fisher-Yates shuffle.
        for front in 0..wanted.saturating_sub(chosen.len()) {
            let drawn = front + stream.below((others.len() - front) as u64) as usize;
            others.swap(front, drawn);
            chosen.push(others[front]);
        }
        chosen.sort_unstable();
        let place = |y: &i64| {
            let place = self.place(*y)?;
            chosen.binary_search(&place).ok().map(|i| i as i64)
        };
        let labels = labels.iter().map(|y| place(y).unwrap_or(-1)).collect();
        Some(Sample { chosen, labels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_share_the_classes_without_gap_or_overlap() {
        for (processes, classes) in [(1, 10), (3, 10), (4, 4), (8, 10_177), (3, 2)] {
            let mut next = 0;
            for rank in 0..processes {
                let own = OwnClasses::of(rank, processes, classes);
                assert_eq!(own.first, next);
                next += own.count;
            }
            assert_eq!(next, classes);
        }
    }

    #[test]
    fn a_sample_has_the_batchs_classes_and_random_others() {
        let own = OwnClasses { first: 100, count: 50 };
        let labels = [103, 7, 149, 103, 200, 100];
        let sample = own.sample(&labels, 0.3, 1, 5).unwrap();
        assert_eq!(sample.chosen.len(), 15);
        assert!(sample.chosen.is_sorted_by(|a, b| a < b) && sample.chosen.iter().all(|p| (0..50).contains(p)));
        let back = |row: usize| sample.chosen[sample.labels[row] as usize] + 100;
        assert_eq!((back(0), back(2), back(3), back(5)), (103, 149, 103, 100));
        assert_eq!((sample.labels[1], sample.labels[4]), (-1, -1));
        assert_eq!(own.sample(&labels, 0.3, 1, 5).unwrap(), sample);
        assert_ne!(own.sample(&labels, 0.3, 1, 6).unwrap(), sample);
        assert_ne!(own.sample(&labels, 0.3, 2, 5).unwrap(), sample);
        // Fewer wanted than the batch has: the batch's alone.
        assert_eq!(own.sample(&labels, 0.02, 1, 5).unwrap().chosen, [0, 3, 49]);
        assert_eq!(own.sample(&labels, 1.0, 1, 5), None);
    }

    #[test]
    fn every_other_class_is_drawn_as_often() {
        let own = OwnClasses { first: 0, count: 20 };
        let mut seen = [0; 20];
        for step in 0..4000 {
            for place in own.sample(&[3], 0.25, 9, step).unwrap().chosen {
                seen[place as usize] += 1;
            }
        }
        // 4 of 19 others in each of 4,000 steps: 842 on average.
        assert_eq!(seen[3], 4000);
        assert!(
            seen.iter().enumerate().all(|(i, n)| i == 3 || (740..945).contains(n)),
            "{seen:?}"
        );
    }
}
