//! Average accuracy of each arm with its interval.

use super::arm_colour;
use crate::report::{
    chart::{Axis, Chart, Colour, Dot, Series, Shape},
    input::{Input, Unit},
    number::{in_unit, interval},
};

pub(super) fn chart(input: &Input) -> Option<Chart> {
    let known: Vec<_> = input.arms.rows.iter().filter(|a| a.average.mean.is_finite()).collect();
    if known.len() < 2 {
        return None;
    }
    let names: Vec<String> = known.iter().map(|a| a.name.clone()).collect();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut series = Vec::new();
    for (row, arm) in known.iter().enumerate() {
        let percent = |x: f64| x * 100.0;
        let ends = arm
            .average
            .interval
            .filter(|(l, h)| l.is_finite() && h.is_finite())
            .map(|(l, h)| (percent(l), percent(h)));
        let mean = percent(arm.average.mean);
        low = low.min(ends.map_or(mean, |e| e.0.min(mean)));
        high = high.max(ends.map_or(mean, |e| e.1.max(mean)));
        let dot = Dot {
            x: mean,
            y: Axis::row(names.len(), row),
            interval: ends,
        };
        series.push(Series {
            name: None,
            colour: arm_colour(input, &arm.name).map_or(Colour::Ink, |c| c.0),
            dashed: false,
            shape: Shape::Dots(vec![dot]),
        });
    }
    let alt: Vec<String> = known
        .iter()
        .map(|a| {
            let ends = interval(a.average.interval, Unit::Percent).map_or(String::new(), |i| format!(" {i}"));
            format!("{} {}{ends}", a.name, in_unit(a.average.mean, Unit::Percent))
        })
        .collect();
    Some(Chart {
        slug: "accuracy".into(),
        group: "Verification",
        title: "Average accuracy by arm".into(),
        alt: format!("Percent: {}.", alt.join("; ")),
        caption: "Avg of the table of arms; bars are 95% intervals. Overlapping bars do not rule out a paired difference: see the claims.".into(),
        x: Axis::linear("Avg accuracy (%)", low, high),
        y: Axis::rows("", &names),
        series,
        marks: Vec::new(),
    })
}
