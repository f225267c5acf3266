//! Distributions of cosines.

use super::slug;
use crate::report::{
    chart::{Axis, Chart, Colour, Mark, Series, Shape},
    histogram::Histogram,
    input::{Input, Similarities, SimilarityKind, SimilaritySeries},
    number::{fixed, grouped},
};

/// One chart for each group of distributions that has any value.
pub(super) fn charts(input: &Input) -> Vec<Chart> {
    input
        .charts
        .similarities
        .iter()
        .filter_map(|of| chart(of))
        .collect()
}

fn chart(of: &Similarities) -> Option<Chart> {
    let histogram = Histogram::of(of);
    if histogram.edges.is_empty() {
        return None;
    }
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
    let marks: Vec<Mark> = of
        .marks
        .iter()
        .filter(|(_, x)| x.is_finite())
        .map(|(name, x)| Mark {
            label: format!("{name} {}", fixed(*x, 2)),
            x: *x,
        })
        .collect();
    let reach = marks.iter().map(|m| m.x);
    let low = reach.clone().fold(histogram.edges[0], f64::min);
    let high = reach.fold(histogram.edges[histogram.edges.len() - 1], f64::max);
    Some(Chart {
        slug: slug("similarity", &of.title),
        title: of.title.clone(),
        alt: format!("Distributions of cosines: {}.", alt.join("; ")),
        caption: of.caption.clone(),
        x: Axis::linear_exact("Cosine similarity", low, high),
        y: Axis::linear("Density", 0.0, highest),
        series,
        marks,
    })
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
