//! The thresholds that a protocol tries.

/// NumPy's `arange(start, stop, step)` in f64, bit for bit: `start + i * ((start + step) - start)`.
pub fn arange(start: f64, stop: f64, step: f64) -> Vec<f64> {
    let count = ((stop - start) / step).ceil().max(0.0) as usize;
    let delta = (start + step) - start;
    (0..count).map(|i| start + i as f64 * delta).collect()
}

/// Thresholds on distances, ascending. A pair is taken for one person where its distance is below the threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// Ascending.
    pub ascending: Vec<f64>,
    /// Among equally good ones the last is taken, and not the first: for similarities that are tried in ascending order, and so as distances in
    /// descending order.
    pub prefer_last: bool,
}

impl Thresholds {
    /// Of distances, ascending; the first of equally good ones is taken.
    pub fn of_distances(ascending: Vec<f64>) -> Self {
        Self {
            ascending,
            prefer_last: false,
        }
    }

    /// Of similarities s, ascending, for distances -s: a pair is taken for one person where its similarity is above the threshold.
    pub fn of_similarities(ascending: &[f64]) -> Self {
        Self {
            ascending: ascending.iter().rev().map(|t| -t).collect(),
            prefer_last: true,
        }
    }

    /// The first threshold above `distance`, which is the first that takes the pair for one person; their number for none.
    pub fn first_above(&self, distance: f64) -> usize {
        self.ascending.partition_point(|t| *t <= distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numpys() {
        let grid = arange(0.0, 4.0, 0.01);
        assert_eq!((grid.len(), grid[1], grid[399]), (400, 0.01, 3.99));
        assert_eq!(arange(0.0, 4.0, 0.001).len(), 4000);
        // numpy.arange(-1, 1, 0.005)[[1, 399]]
        let cosines = arange(-1.0, 1.0, 0.005);
        assert_eq!(cosines.len(), 400);
        assert_eq!((cosines[1], cosines[399]), (-0.995, 0.995_000_000_000_001_9));
    }

    #[test]
    fn a_pair_is_accepted_below_a_distance_and_above_a_similarity() {
        let distances = Thresholds::of_distances(vec![0.0, 1.0, 2.0]);
        assert_eq!([0.5, 1.0, 2.0].map(|d| distances.first_above(d)), [1, 2, 3]);
        let similarities = Thresholds::of_similarities(&[-1.0, 0.0, 0.5]);
        assert_eq!(similarities.ascending, [-0.5, 0.0, 1.0]);
        // Similarity 0 is above -1 alone, which is the last.
        assert_eq!(similarities.first_above(-0.0), 2);
    }
}
