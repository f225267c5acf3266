//! ROC curves over a logarithmic false acceptance rate.

use super::{arm_colour, distinct, slug};
use crate::report::{
    chart::{Axis, Chart, Colour, Series, Shape},
    input::{Input, RocCurve, Unit},
    number::{in_unit, rate},
};

/// One chart a verification set.
pub(super) fn charts(input: &Input) -> Vec<Chart> {
    let curves = &input.charts.roc;
    distinct(curves.iter().map(|c| c.set.as_str()))
        .into_iter()
        .map(|set| {
            let of_set: Vec<&RocCurve> = curves.iter().filter(|c| c.set == set).collect();
            chart(input, set, &of_set)
        })
        .collect()
}

fn chart(input: &Input, set: &str, curves: &[&RocCurve]) -> Chart {
    let lowest = curves
        .iter()
        .flat_map(|c| &c.points)
        .map(|p| p.0)
        .filter(|far| *far > 0.0 && far.is_finite())
        .fold(0.1, f64::min)
        .max(1e-6);
    let low = 10_f64.powf(lowest.log10().floor());
    let mut series = vec![Series {
        name: Some("chance".into()),
        colour: Colour::Muted,
        dashed: true,
        shape: Shape::ThinLine(chance(low)),
    }];
    for (n, curve) in curves.iter().enumerate() {
        let (colour, dashed) = arm_colour(input, &curve.arm).unwrap_or((Colour::Series(n), n >= Colour::SERIES));
        let points = corners(&curve.points)
            .map(|(far, tar)| (far.max(low), tar * 100.0))
            .collect();
        series.push(Series {
            name: Some(curve.arm.clone()),
            colour,
            dashed,
            shape: Shape::Line(points),
        });
    }
    // The line of chance is drawn first, below the others, and named last.
    let name = series[0].name.take();
    if let Some(last) = name.map(|name| Series {
        name: Some(name),
        colour: Colour::Muted,
        dashed: true,
        shape: Shape::ThinLine(Vec::new()),
    }) {
        series.push(last);
    }
    let alt: Vec<String> = curves
        .iter()
        .map(|c| format!("{} {}", c.arm, in_unit(tar_at(&c.points, 0.01), Unit::Percent)))
        .collect();
    Chart {
        slug: slug("roc", set),
        group: "Verification",
        title: format!("ROC on {set}"),
        alt: format!("TAR in percent at FAR 1%: {}.", alt.join("; ")),
        caption: "First seed of each arm; the table gives the mean over all seeds.".into(),
        x: Axis::log("False acceptance rate (log)", low, 1.0, rate),
        y: Axis::linear_exact("True acceptance rate (%)", 0.0, 100.0),
        series,
        marks: Vec::new(),
    }
}

/// The curve without the points in the middle of its level and upright runs: a set of thousands of pairs has as many points.
fn corners(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let straight = |at: usize| {
        let [a, b, c] = points[at - 1..=at + 1] else {
            return false;
        };
        (a.0 == b.0 && b.0 == c.0) || (a.1 == b.1 && b.1 == c.1)
    };
    let kept = move |at: &usize| *at == 0 || *at + 1 == points.len() || !straight(*at);
    (0..points.len()).filter(kept).map(|at| points[at])
}

/// TAR = FAR, which is curved over a logarithmic axis.
fn chance(low: f64) -> Vec<(f64, f64)> {
    const POINTS: i32 = 60;
    (0..=POINTS)
        .map(|k| {
            let far = low.powf(1.0 - f64::from(k) / f64::from(POINTS));
            (far, far * 100.0)
        })
        .collect()
}

/// The largest TAR at a FAR of at most `far`; NaN where the curve has no such point.
fn tar_at(points: &[(f64, f64)], far: f64) -> f64 {
    points
        .iter()
        .filter(|p| p.0 <= far)
        .map(|p| p.1)
        .fold(f64::NAN, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operating_point_is_the_last_one_allowed() {
        let points = [(0.0, 0.4), (0.008, 0.6), (0.02, 0.7)];
        assert_eq!(tar_at(&points, 0.01), 0.6);
        assert!(tar_at(&points[2..], 0.01).is_nan());
    }

    #[test]
    fn runs_are_drawn_from_corner_to_corner() {
        let steps = [
            (0.0, 0.0),
            (0.0, 0.2),
            (0.0, 0.5),
            (0.1, 0.5),
            (0.2, 0.5),
            (0.3, 0.6),
            (1.0, 1.0),
        ];
        let kept: Vec<_> = corners(&steps).collect();
        assert_eq!(kept, [(0.0, 0.0), (0.0, 0.5), (0.2, 0.5), (0.3, 0.6), (1.0, 1.0)]);
        assert_eq!(corners(&steps[..1]).count(), 1);
        assert_eq!(corners(&[]).count(), 0);
    }

    #[test]
    fn chance_ends_at_one() {
        let line = chance(0.001);
        assert!((line[0].0 - 0.001).abs() < 1e-12);
        assert!((line.last().unwrap().1 - 100.0).abs() < 1e-9);
    }
}
