//! Drawing a chart on any of plotters' backends.

use plotters::{
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind},
    element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text},
    prelude::DrawingBackend,
    style::{
        Color, IntoFont, RGBAColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Chart, Colour, Series, Shape,
    font::FAMILY,
    layout::{Entry, LEGEND_ROW, Layout, SAMPLE, TEXT, WIDTH},
};

/// Backend pixels to a unit. plotters places on whole pixels: four to a unit leave nothing to see.
pub(super) const SCALE: i32 = 4;

type Done<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A chart being drawn.
struct Pen<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    chart: &'a Chart,
    at: &'a Layout<'a>,
    /// How much lower text is placed, in parts of its size.
    drop: f64,
}

/// Draws a chart without its background; text is placed lower by `drop` of its size.
pub(super) fn draw<DB: DrawingBackend>(
    chart: &Chart,
    at: &Layout<'_>,
    area: &DrawingArea<DB, Shift>,
    drop: f64,
) -> Done<DB> {
    let pen = Pen { area, chart, at, drop };
    pen.text(&chart.title, (16, 20), at.title, Colour::Ink, HPos::Left)?;
    for entry in &at.legend {
        pen.entry(entry)?;
    }
    pen.grid()?;
    for series in &chart.series {
        pen.series(series)?;
    }
    pen.marks()
}

fn stroke(colour: Colour, tenths: i32) -> ShapeStyle {
    let width = (tenths * SCALE + 5) / 10;
    ShapeStyle::from(colour.light()).stroke_width(width.max(1) as u32)
}

fn fill(colour: Colour, alpha: f64) -> RGBAColor {
    colour.light().mix(alpha)
}

impl<DB: DrawingBackend> Pen<'_, DB> {
    /// Backend pixels of a place in the plot.
    fn place(&self, x: f64, y: f64) -> Option<(i32, i32)> {
        let (x, y) = (self.chart.x.position(x)?, self.chart.y.position(y)?);
        let across = |from: i32, to: i32, part: f64| {
            let (from, to) = (f64::from(from * SCALE), f64::from(to * SCALE));
            (from + (to - from) * part).round() as i32
        };
        Some((
            across(self.at.left, self.at.right, x),
            across(self.at.bottom, self.at.top, y),
        ))
    }

    /// Text whose middle is at height y.
    fn text(&self, text: &str, (x, y): (i32, i32), size: i32, colour: Colour, h: HPos) -> Done<DB> {
        let light = colour.light();
        let style = TextStyle::from((FAMILY, size * SCALE).into_font())
            .color(&light)
            .pos(Pos::new(h, VPos::Center));
        let lower = (f64::from(size * SCALE) * self.drop).round() as i32;
        self.area
            .draw(&Text::new(text.to_owned(), (x * SCALE, y * SCALE + lower), style))
    }

    fn line(&self, points: Vec<(i32, i32)>, style: ShapeStyle, dashed: bool) -> Done<DB> {
        if points.len() < 2 {
            return Ok(());
        }
        if dashed {
            let (dash, gap) = (6 * SCALE, 4 * SCALE);
            self.area.draw(&DashedPathElement::new(points, dash, gap, style))
        } else {
            self.area.draw(&PathElement::new(points, style))
        }
    }

    fn entry(&self, entry: &Entry<'_>) -> Done<DB> {
        let (x, y) = (entry.x * SCALE, entry.y * SCALE);
        let end = x + SAMPLE * SCALE;
        if entry.filled {
            let half = LEGEND_ROW * SCALE / 4;
            let corners = [(x, y - half), (end, y + half)];
            self.area
                .draw(&Rectangle::new(corners, fill(entry.colour, 0.3).filled()))?;
        }
        self.line(vec![(x, y), (end, y)], stroke(entry.colour, 22), entry.dashed)?;
        let at = (entry.x + SAMPLE + 6, entry.y);
        self.text(entry.name, at, TEXT, Colour::Ink, HPos::Left)
    }

    fn grid(&self) -> Done<DB> {
        let Layout {
            left,
            right,
            top,
            bottom,
            ..
        } = *self.at;
        let scaled = |x: i32, y: i32| (x * SCALE, y * SCALE);
        for (value, text) in &self.chart.y.ticks {
            if let Some((_, y)) = self.chart.y.position(*value).and_then(|_| self.place_y(*value)) {
                self.line(
                    vec![(left * SCALE, y), (right * SCALE, y)],
                    stroke(Colour::Grid, 10),
                    false,
                )?;
                self.text(
                    text,
                    (left - 8, (y + SCALE / 2) / SCALE),
                    TEXT,
                    Colour::Muted,
                    HPos::Right,
                )?;
            }
        }
        for (value, text) in &self.chart.x.ticks {
            if let Some((x, _)) = self.place_x(*value) {
                self.line(
                    vec![(x, top * SCALE), (x, bottom * SCALE)],
                    stroke(Colour::Grid, 10),
                    false,
                )?;
                self.text(text, (x / SCALE, bottom + 15), TEXT, Colour::Muted, HPos::Center)?;
            }
        }
        self.line(
            vec![scaled(left, bottom), scaled(right, bottom)],
            stroke(Colour::Muted, 10),
            false,
        )?;
        let middle = (left + right) / 2;
        self.text(
            &self.chart.x.label,
            (middle, bottom + 39),
            TEXT,
            Colour::Ink,
            HPos::Center,
        )?;
        self.text(
            &self.chart.y.label,
            (16, self.at.y_label),
            TEXT,
            Colour::Ink,
            HPos::Left,
        )
    }

    fn place_x(&self, x: f64) -> Option<(i32, i32)> {
        let y = self.chart.y.ticks.first().map_or(0.0, |t| t.0);
        self.place(x, y)
    }

    fn place_y(&self, y: f64) -> Option<(i32, i32)> {
        let x = self.chart.x.ticks.first().map_or(0.0, |t| t.0);
        self.place(x, y)
    }

    fn series(&self, series: &Series) -> Done<DB> {
        match &series.shape {
            Shape::Line(points) => self.curve(points, stroke(series.colour, 20), series.dashed),
            Shape::ThinLine(points) => self.curve(points, stroke(series.colour, 12), series.dashed),
            Shape::Bars(edges, heights) => self.bars(edges, heights, series.colour),
            Shape::Dots(dots) => {
                for dot in dots {
                    if let Some((low, high)) = dot.interval {
                        let ends = [self.place(low, dot.y), self.place(high, dot.y)];
                        self.line(ends.into_iter().flatten().collect(), stroke(series.colour, 20), false)?;
                    }
                    if let Some(at) = self.place(dot.x, dot.y) {
                        let style = ShapeStyle::from(series.colour.light()).filled();
                        self.area.draw(&Circle::new(at, 5 * SCALE, style))?;
                    }
                }
                Ok(())
            }
        }
    }

    fn curve(&self, points: &[(f64, f64)], style: ShapeStyle, dashed: bool) -> Done<DB> {
        let placed: Vec<Option<(i32, i32)>> = points.iter().map(|&(x, y)| self.place(x, y)).collect();
        for run in placed.split(Option::is_none) {
            self.line(run.iter().flatten().copied().collect(), style, dashed)?;
        }
        Ok(())
    }

    fn bars(&self, edges: &[f64], heights: &[f64], colour: Colour) -> Done<DB> {
        let mut outline = Vec::new();
        for (bar, &height) in heights.iter().enumerate() {
            outline.extend(self.place(edges[bar], height));
            outline.extend(self.place(edges[bar + 1], height));
        }
        let (Some(&first), Some(&last)) = (outline.first(), outline.last()) else {
            return Ok(());
        };
        let ground = self.at.bottom * SCALE;
        outline.insert(0, (first.0, ground));
        outline.push((last.0, ground));
        self.area.draw(&Polygon::new(outline.clone(), fill(colour, 0.22)))?;
        self.line(outline, stroke(colour, 14), false)
    }

    fn marks(&self) -> Done<DB> {
        for (n, mark) in self.chart.marks.iter().enumerate() {
            let Some((x, _)) = self.place_x(mark.x) else { continue };
            let Layout { top, bottom, right, .. } = *self.at;
            self.line(
                vec![(x, top * SCALE), (x, bottom * SCALE)],
                stroke(Colour::Ink, 12),
                true,
            )?;
            let width = super::font::text_width(&mark.label, TEXT) * 21 / 20;
            let unit = x / SCALE;
            // Labels go down a line each, and to the left where the right has no room.
            let y = top + 10 + n as i32 * 18;
            if unit + 6 + width > right.max(WIDTH - 20) {
                self.text(&mark.label, (unit - 6, y), TEXT, Colour::Ink, HPos::Right)?;
            } else {
                self.text(&mark.label, (unit + 6, y), TEXT, Colour::Ink, HPos::Left)?;
            }
        }
        Ok(())
    }
}
