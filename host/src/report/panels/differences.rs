//! The paired differences of the claims, with zero marked.

use crate::report::{
    chart::{Axis, Chart, Colour, Dot, Mark, Series, Shape},
    claims::Verdict,
    input::{Comparison, Input, Unit},
    number::{difference_in_unit, difference_interval},
};

/// All comparisons of the first measure in percent.
pub(super) fn chart(input: &Input) -> Option<Chart> {
    let in_percent = || {
        input
            .claims
            .iter()
            .flat_map(|c| &c.comparisons)
            .filter(|c| c.unit == Unit::Percent && c.difference.is_finite())
    };
    let measure = &in_percent().next()?.measure;
    let shown: Vec<&Comparison> = in_percent().filter(|c| &c.measure == measure).collect();
    let names: Vec<String> = shown
        .iter()
        .map(|c| format!("{} − {}", c.first.0, c.second.0))
        .collect();
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    let mut series = Vec::new();
    for (row, comparison) in shown.iter().enumerate() {
        let points = |x: f64| x * 100.0;
        let ends = comparison
            .interval
            .filter(|(l, h)| l.is_finite() && h.is_finite())
            .map(|(l, h)| (points(l), points(h)));
        let difference = points(comparison.difference);
        low = low.min(ends.map_or(difference, |e| e.0.min(difference)));
        high = high.max(ends.map_or(difference, |e| e.1.max(difference)));
        let decided = !matches!(Verdict::of(comparison), Verdict::NotShown | Verdict::NoInterval);
        series.push(Series {
            name: None,
            colour: if decided { Colour::Series(0) } else { Colour::Muted },
            dashed: false,
            shape: Shape::Dots(vec![Dot {
                x: difference,
                y: Axis::row(shown.len(), row),
                interval: ends,
            }]),
        });
    }
    let alt: Vec<String> = shown
        .iter()
        .zip(&names)
        .map(|(c, name)| {
            let ends = difference_interval(c.interval, c.unit).map_or(String::new(), |i| format!(" {i}"));
            format!("{name}: {}{ends}", difference_in_unit(c.difference, c.unit))
        })
        .collect();
    Some(Chart {
        slug: "differences".into(),
        group: "Verification",
        title: format!("Paired differences in {measure}"),
        alt: format!("Percentage points: {}.", alt.join("; ")),
        caption: "First minus second, with paired 95% intervals; grey where the interval includes 0.".into(),
        x: Axis::linear("Difference (percentage points)", low, high),
        y: Axis::rows("", &names),
        series,
        marks: vec![Mark {
            label: String::new(),
            x: 0.0,
        }],
    })
}
