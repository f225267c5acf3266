//! Losses over training.

use super::{arm_colour, distinct, slug};
use crate::report::{
    chart::{Axis, Chart, Colour, Series, Shape},
    input::{Input, TrainingCurve},
    number::{counted, fixed},
};

/// Points that a curve is thinned to.
const POINTS: usize = 160;

/// One chart a title.
pub(super) fn charts(input: &Input) -> Vec<Chart> {
    let curves = &input.charts.training;
    distinct(curves.iter().map(|c| c.chart.as_str()))
        .into_iter()
        .filter_map(|title| {
            let of_title: Vec<&TrainingCurve> = curves.iter().filter(|c| c.chart == title).collect();
            chart(input, title, &of_title)
        })
        .collect()
}

fn chart(input: &Input, title: &str, curves: &[&TrainingCurve]) -> Option<Chart> {
    let names = distinct(curves.iter().map(|c| c.series.as_str()));
    let mut thinned_any = false;
    let mut series: Vec<Series> = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let of_name: Vec<&&TrainingCurve> = curves.iter().filter(|c| c.series == *name).collect();
        for (seed, curve) in of_name.iter().enumerate() {
            let points = thinned(&curve.points);
            thinned_any |= points.len() < curve.points.len();
            let (colour, dashed) = arm_colour(input, name).unwrap_or((Colour::Series(n), n >= Colour::SERIES));
            series.push(Series {
                name: (seed == 0).then(|| (*name).to_owned()),
                colour,
                dashed,
                shape: if of_name.len() > 1 {
                    Shape::ThinLine(points)
                } else {
                    Shape::Line(points)
                },
            });
        }
    }
    let shown: Vec<(f64, f64)> = series
        .iter()
        .flat_map(|s| match &s.shape {
            Shape::Line(points) | Shape::ThinLine(points) => points.clone(),
            _ => Vec::new(),
        })
        .filter(|p| p.1.is_finite())
        .collect();
    if shown.is_empty() {
        return None;
    }
    let (low, high) = shown
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.1), h.max(p.1)));
    let last = shown.iter().map(|p| p.0).fold(0.0, f64::max);
    let y = if low > 0.0 && high / low > 20.0 {
        Axis::log("Loss (log)", low, high, |v| v.to_string())
    } else {
        Axis::linear("Loss", low.min(0.0), high)
    };
    Some(Chart {
        slug: slug("training", title),
        group: "Training",
        title: title.to_owned(),
        alt: alt(curves),
        caption: caption(curves, names.len(), thinned_any),
        x: Axis::linear_exact("Optimizer step", 0.0, last),
        y,
        series,
        marks: Vec::new(),
    })
}

fn alt(curves: &[&TrainingCurve]) -> String {
    let ends: Vec<String> = curves
        .iter()
        .filter_map(|c| {
            let (first, last) = (c.points.first()?, c.points.last()?);
            let seed = c.seed.map_or(String::new(), |s| format!(" seed {s}"));
            Some(format!(
                "{}{seed} from {} to {}",
                c.series,
                fixed(first.1, 3),
                fixed(last.1, 3)
            ))
        })
        .collect();
    format!("Loss over optimizer steps: {}.", ends.join("; "))
}

fn caption(curves: &[&TrainingCurve], names: usize, thinned: bool) -> String {
    let mut out = String::new();
    if curves.len() > names {
        out.push_str("One line a seed. ");
    }
    if thinned {
        out.push_str(&format!(
            "Each point is the mean of a span of steps (at most {}).",
            counted(POINTS, "span")
        ));
    }
    out.trim_end().to_owned()
}

/// At most [`POINTS`] points, each the mean step and mean loss of a run of points. A loss that is not finite breaks the line.
fn thinned(points: &[(u64, f64)]) -> Vec<(f64, f64)> {
    let span = points.len().div_ceil(POINTS).max(1);
    points
        .chunks(span)
        .map(|run| {
            let n = run.len() as f64;
            let step = run.iter().map(|p| p.0 as f64).sum::<f64>() / n;
            let loss = run.iter().map(|p| p.1).sum::<f64>() / n;
            (step, loss)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_mean_and_shows_divergence() {
        let points: Vec<(u64, f64)> = (0..1000).map(|s| (s, s as f64)).collect();
        let t = thinned(&points);
        assert!(t.len() <= POINTS);
        assert_eq!(t[0], (3.0, 3.0));
        assert_eq!(thinned(&points[..10]).len(), 10);
        assert!(thinned(&[(0, f64::NAN)])[0].1.is_nan());
        assert!(thinned(&[]).is_empty());
    }
}
