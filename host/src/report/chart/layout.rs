//! Where the parts of a chart go, in units of one page pixel.

use super::{Chart, Colour, Shape, font::text_width};

/// Width of every chart.
pub(super) const WIDTH: i32 = 560;
/// Largest and smallest font size of the title.
const TITLE: (i32, i32) = (20, 12);
/// Font size of all else.
pub(super) const TEXT: i32 = 16;
/// Height of a row of the legend.
pub(super) const LEGEND_ROW: i32 = 23;
/// Length of the sample of a line in the legend.
pub(super) const SAMPLE: i32 = 18;

/// One entry of the legend.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub x: i32,
    pub y: i32,
    pub name: &'a str,
    pub colour: Colour,
    pub dashed: bool,
    pub filled: bool,
}

/// Places in units; y grows downwards.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub height: i32,
    /// Font size of the title.
    pub title: i32,
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
    pub legend: Vec<Entry<'a>>,
    /// Centre line of the y axis' label, above the plot.
    pub y_label: i32,
}

impl<'a> Layout<'a> {
    pub fn of(chart: &'a Chart) -> Self {
        let widest = chart
            .y
            .ticks
            .iter()
            .map(|(_, text)| text_width(text, TEXT))
            .max()
            .unwrap_or(0);
        // Browsers' fonts run a little wider than the one measured with.
        let left = (widest * 21 / 20 + 18).clamp(44, WIDTH * 3 / 5);
        let right = WIDTH - 20;
        let legend_top = if chart.title.is_empty() { 8 } else { 38 };
        let (legend, rows) = legend(chart, legend_top);
        let mut top = legend_top + rows * LEGEND_ROW + 10;
        let y_label = top + 2;
        if !chart.y.label.is_empty() {
            top += 20;
        }
        let plot = match chart.series.first().map(|s| &s.shape) {
            Some(Shape::Dots(_)) => 30 * chart.y.ticks.len() as i32 + 6,
            _ => 220,
        };
        let bottom = top + plot;
        Self {
            title: title_size(&chart.title),
            height: bottom + if chart.x.label.is_empty() { 34 } else { 56 },
            left,
            right,
            top,
            bottom,
            legend,
            y_label,
        }
    }
}

/// The largest size at which the title fits, also where a browser shows it in bold.
fn title_size(title: &str) -> i32 {
    let widest = text_width(title, TITLE.0) * 5 / 4;
    (TITLE.0 * (WIDTH - 32) / widest.max(1)).clamp(TITLE.1, TITLE.0)
}

/// Entries from left to right, broken into rows; with the number of rows.
fn legend(chart: &Chart, top: i32) -> (Vec<Entry<'_>>, i32) {
    const MARGIN: i32 = 16;
    let (mut x, mut row) = (MARGIN, 0);
    let mut out = Vec::new();
    for series in &chart.series {
        let Some(name) = &series.name else { continue };
        let width = SAMPLE + 6 + text_width(name, TEXT) * 21 / 20 + 18;
        if x > MARGIN && x + width > WIDTH {
            (x, row) = (MARGIN, row + 1);
        }
        out.push(Entry {
            x,
            y: top + row * LEGEND_ROW + LEGEND_ROW / 2,
            name,
            colour: series.colour,
            dashed: series.dashed,
            filled: matches!(series.shape, Shape::Bars(..)),
        });
        x += width;
    }
    let rows = if out.is_empty() { 0 } else { row + 1 };
    (out, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::register;

    #[test]
    fn long_titles_are_set_smaller() {
        register().unwrap();
        assert_eq!(title_size("Yield"), 20);
        let long = title_size("Held-out people, backbone trained on real-plus-fictional-20-midpoint");
        assert!((12..20).contains(&long), "{long}");
        assert_eq!(title_size(&"W".repeat(500)), 12);
    }
}
