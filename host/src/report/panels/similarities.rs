//! Distributions of cosines.

use super::slug;
use crate::report::{
    chart::{Axis, Chart, Colour, Mark, Series, Shape},
    histogram::Histogram,
    input::{Input, Similarities, SimilarityKind, SimilaritySeries},
    number::{fixed, grouped},
};

/// One chart for each group of distributions that has any value. Charts of the same kinds of distributions share their range,
/// so that they can be compared by eye.
pub(super) fn charts(input: &Input) -> Vec<Chart> {
    let binned: Vec<(&Similarities, Histogram)> = input
        .charts
        .similarities
        .iter()
        .map(|of| (of, Histogram::of(of)))
        .filter(|(_, histogram)| !histogram.edges.is_empty())
        .collect();
    binned
        .iter()
        .map(|(of, histogram)| {
            let alike = binned.iter().filter(|(other, _)| kinds(other) == kinds(of));
            let range = alike
                .map(|(other, histogram)| range(other, histogram))
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (l, h)| {
                    (low.min(l), high.max(h))
                });
            chart(of, histogram, range)
        })
        .collect()
}

fn kinds(of: &Similarities) -> Vec<SimilarityKind> {
    of.series.iter().map(|s| s.kind).collect()
}

/// Smallest and largest cosine to be shown: of the values and of the marks.
fn range(of: &Similarities, histogram: &Histogram) -> (f64, f64) {
    let marks = || of.marks.iter().map(|m| m.1).filter(|x| x.is_finite());
    (
        marks().fold(histogram.edges[0], f64::min),
        marks().fold(histogram.edges[histogram.edges.len() - 1], f64::max),
    )
}

fn chart(of: &Similarities, histogram: &Histogram, (low, high): (f64, f64)) -> Chart {
    let densities: Vec<Vec<f64>> = (0..of.series.len()).map(|s| histogram.density(s)).collect();
    let highest = densities.iter().flatten().copied().fold(0.0, f64::max);
    let series = of
        .series
        .iter()
        .zip(densities)
        .enumerate()
        .map(|(n, (series, density))| Series {
            name: Some(legend(series)),
            colour: colour(series.kind, n),
            dashed: false,
            shape: Shape::Bars(histogram.edges.clone(), density),
        })
        .collect();
    let alt: Vec<String> = of.series.iter().map(legend).collect();
    let marks = of
        .marks
        .iter()
        .filter(|(_, x)| x.is_finite())
        .map(|(name, x)| Mark {
            label: format!("{name} {}", fixed(*x, 2)),
            x: *x,
        })
        .collect();
    Chart {
        slug: slug("similarity", &of.title),
        group: "Similarities",
        title: of.title.clone(),
        alt: format!("Distributions of cosines: {}.", alt.join("; ")),
        caption: of.caption.clone(),
        x: Axis::linear_exact("Cosine similarity", low, high),
        y: Axis::linear("Density", 0.0, highest),
        series,
        marks,
    }
}

/// Name, number and mean of the values; and how many are no numbers.
fn legend(series: &SimilaritySeries) -> String {
    let finite: Vec<f64> = series
        .values
        .iter()
        .filter(|v| v.is_finite())
        .map(|&v| f64::from(v))
        .collect();
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let invalid = series.values.len() - finite.len();
    let mut out = format!(
        "{} (n {}, mean {}",
        series.name,
        grouped(finite.len() as u64),
        fixed(mean, 2)
    );
    if invalid > 0 {
        out.push_str(&format!(", {invalid} not finite"));
    }
    out.push(')');
    out
}

fn colour(kind: SimilarityKind, place: usize) -> Colour {
    match kind {
        SimilarityKind::Genuine => Colour::Series(0),
        SimilarityKind::Impostor => Colour::Series(1),
        SimilarityKind::NearestReal => Colour::Series(2),
        SimilarityKind::Other => Colour::Series(3 + place),
    }
}
