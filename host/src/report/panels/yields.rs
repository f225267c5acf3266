//! What ID-NMS leaves.

use crate::report::{
    chart::{Axis, Chart, Colour, Mark, Series, Shape},
    input::Input,
    number::{fixed, grouped},
};

/// Survivors over the threshold.
pub(super) fn nms(input: &Input) -> Option<Chart> {
    let curves = &input.charts.nms_yield;
    let points = || curves.iter().flat_map(|c| &c.points).filter(|p| p.0.is_finite());
    points().next()?;
    let (low, high) = points().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.0), h.max(p.0)));
    let most = curves.iter().map(|c| c.candidates).max().unwrap_or(0).max(1);
    let series = curves
        .iter()
        .enumerate()
        .map(|(n, curve)| Series {
            name: Some(format!("{} ({} candidates)", curve.name, grouped(curve.candidates))),
            colour: Colour::Series(n),
            dashed: n >= Colour::SERIES,
            shape: Shape::Line(curve.points.iter().map(|&(t, s)| (t, s as f64)).collect()),
        })
        .collect();
    let mut marks: Vec<Mark> = Vec::new();
    for curve in curves {
        let Some(used) = curve.used.filter(|u| u.is_finite()) else {
            continue;
        };
        let survivors = curve.points.iter().find(|p| (p.0 - used).abs() < 1e-9).map(|p| p.1);
        let label = match survivors {
            Some(n) => format!("used: {} keeps {}", fixed(used, 2), grouped(n)),
            None => format!("used: {}", fixed(used, 2)),
        };
        if !marks.iter().any(|m| m.label == label) {
            marks.push(Mark { label, x: used });
        }
    }
    let alt: Vec<String> = curves
        .iter()
        .filter_map(|c| {
            let (first, last) = (c.points.first()?, c.points.last()?);
            Some(format!(
                "{}: {} survivors at {} to {} at {}",
                c.name,
                grouped(first.1),
                fixed(first.0, 2),
                grouped(last.1),
                fixed(last.0, 2)
            ))
        })
        .collect();
    Some(Chart {
        slug: "nms-yield".into(),
        group: "Selection",
        title: "Yield of ID-NMS".into(),
        alt: format!("{}.", alt.join("; ")),
        caption: "How many IDs fit: candidates that survive at each threshold, all else as in the run. Where they are shown, candidates \
                  clear of real IDs bound what any selection can keep, and pairs of real IDs whose midpoint has at most that cosine to both \
                  bound what interpolation can give (near-orthogonal parents: 0.71)."
            .into(),
        x: Axis::linear_exact("Cosine threshold", low, high),
        y: Axis::linear("Surviving IDs", 0.0, most as f64),
        series,
        marks,
    })
}

/// Candidates and kept ones by predicted variance.
pub(super) fn variance(input: &Input) -> Option<Chart> {
    let bins: Vec<_> = input
        .charts
        .variance_yield
        .iter()
        .filter(|b| b.lower.is_finite() && b.upper.is_finite())
        .collect();
    let (first, last) = (bins.first()?, bins.last()?);
    let mut edges: Vec<f64> = bins.iter().map(|b| b.lower).collect();
    edges.push(last.upper);
    let heights = |of: fn(&super::super::input::VarianceBin) -> u64| bins.iter().map(|b| of(b) as f64).collect();
    let candidates: Vec<f64> = heights(|b| b.candidates);
    let kept: Vec<f64> = heights(|b| b.kept);
    let sums = (candidates.iter().sum::<f64>(), kept.iter().sum::<f64>());
    let bars = |name: &str, colour, heights| Series {
        name: Some(name.to_owned()),
        colour,
        dashed: false,
        shape: Shape::Bars(edges.clone(), heights),
    };
    let highest = candidates.iter().copied().fold(1.0, f64::max);
    Some(Chart {
        slug: "variance-yield".into(),
        group: "Selection",
        title: "Yield by predicted variance".into(),
        alt: format!(
            "{} candidates with predicted variance {} to {}, of which {} are kept.",
            fixed(sums.0, 0),
            fixed(first.lower, 2),
            fixed(last.upper, 2),
            fixed(sums.1, 0)
        ),
        caption: String::new(),
        x: Axis::linear_exact("Predicted variance", first.lower, last.upper),
        y: Axis::linear("IDs", 0.0, highest),
        series: vec![
            bars("candidates", Colour::Muted, candidates),
            bars("kept", Colour::Series(0), kept),
        ],
        marks: Vec::new(),
    })
}
