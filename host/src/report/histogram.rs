//! Binning of similarities.

use super::input::Similarities;

/// Counts of each series of one chart over common bins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    /// Ends of the bins, ascending; one more than bins; empty where no value is finite.
    pub edges: Vec<f64>,
    /// Counts, one list a series.
    pub counts: Vec<Vec<u64>>,
}

impl Histogram {
    /// Bins of 0.02 (0.05 where the largest series has fewer than 200 values), on multiples of their width. Values that are
    /// not finite are left out.
    pub fn of(chart: &Similarities) -> Self {
        let all = chart.series.iter().flat_map(|s| &s.values).filter(|v| v.is_finite());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
            (l.min(f64::from(v)), h.max(f64::from(v)))
        });
        if low > high {
            return Self {
                edges: Vec::new(),
                counts: vec![Vec::new(); chart.series.len()],
            };
        }
        let largest = chart.series.iter().map(|s| s.values.len()).max().unwrap_or(0);
        let fine = if largest < 200 { 0.05 } else { 0.02 };
        // Not cosines, then: still no more than some 100 bins.
        let width = if high - low > 100.0 * fine {
            (high - low) / 100.0
        } else {
            fine
        };
        let first = (low / width).floor();
        let bins = (((high / width).floor() - first) as usize + 1).max(1);
        let edges: Vec<f64> = (0..=bins)
            .map(|b| ((first + b as f64) * width * 1e9).round() / 1e9)
            .collect();
        let counts = chart
            .series
            .iter()
            .map(|series| {
                let mut counts = vec![0_u64; bins];
                for v in series.values.iter().filter(|v| v.is_finite()) {
                    let bin = ((f64::from(*v) / width).floor() - first) as usize;
                    counts[bin.min(bins - 1)] += 1;
                }
                counts
            })
            .collect();
        Self { edges, counts }
    }

    /// Density of a series: its bars' area is 1. All 0 where it has no values.
    pub fn density(&self, series: usize) -> Vec<f64> {
        let counts = &self.counts[series];
        let total: u64 = counts.iter().sum();
        counts
            .iter()
            .enumerate()
            .map(|(b, &n)| match total {
                0 => 0.0,
                _ => n as f64 / total as f64 / (self.edges[b + 1] - self.edges[b]),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::input::{SimilarityKind, SimilaritySeries};

    fn chart(values: &[&[f32]]) -> Similarities {
        Similarities {
            title: String::new(),
            caption: String::new(),
            series: values
                .iter()
                .map(|v| SimilaritySeries {
                    name: String::new(),
                    kind: SimilarityKind::Other,
                    values: v.to_vec(),
                })
                .collect(),
            marks: Vec::new(),
        }
    }

    #[test]
    fn bins_lie_on_multiples_of_their_width() {
        let h = Histogram::of(&chart(&[&[0.12, 0.13, -0.01], &[0.31, f32::NAN]]));
        assert_eq!(h.edges, [-0.05, 0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35]);
        assert_eq!(h.counts[0], [1, 0, 0, 2, 0, 0, 0, 0]);
        assert_eq!(h.counts[1], [0, 0, 0, 0, 0, 0, 0, 1]);
        let area: f64 = h.density(0).iter().map(|d| d * 0.05).sum();
        assert!((area - 1.0).abs() < 1e-9, "{area}");
    }

    #[test]
    fn odd_values_make_no_trouble() {
        assert!(Histogram::of(&chart(&[&[], &[f32::NAN]])).edges.is_empty());
        let h = Histogram::of(&chart(&[&[1.0, 1.0], &[]]));
        assert_eq!(h.counts[0].iter().sum::<u64>(), 2);
        assert_eq!(h.density(1).iter().sum::<f64>(), 0.0);
        let h = Histogram::of(&chart(&[&[-3e8, 5e8, f32::INFINITY]]));
        assert!(h.edges.len() <= 103, "{}", h.edges.len());
        assert_eq!(h.counts[0].iter().sum::<u64>(), 2);
    }
}
