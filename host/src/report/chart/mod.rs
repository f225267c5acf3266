//! Charts: one description, drawn once for SVG and for PNG.

mod axis;
mod draw;
mod font;
mod layout;
mod palette;
mod render;

pub(super) use axis::Axis;
pub(super) use font::{BITMAP_DROP, register, text_width};
pub(super) use palette::{Colour, dark_rules};
pub(super) use render::{render_png, render_svg};

/// A chart.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    /// File name without ending.
    pub slug: String,
    /// The heading that it stands under.
    pub group: &'static str,
    /// Drawn above it.
    pub title: String,
    /// What it shows, in numbers, for those who do not see it.
    pub alt: String,
    /// Below it on the page; may be empty.
    pub caption: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    pub marks: Vec<Mark>,
}

/// One set of data.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Name in the legend; `None` leaves it out.
    pub name: Option<String>,
    pub colour: Colour,
    pub dashed: bool,
    pub shape: Shape,
}

/// How data are drawn. Points with a coordinate that is not finite break a line.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A line through the points.
    Line(Vec<(f64, f64)>),
    /// A thin line through the points.
    ThinLine(Vec<(f64, f64)>),
    /// Bars side by side: edges (one more than heights) and heights.
    Bars(Vec<f64>, Vec<f64>),
    /// A dot with its interval along x.
    Dots(Vec<Dot>),
}

/// A dot with its interval along x.
#[derive(Debug, Clone)]
pub(super) struct Dot {
    pub x: f64,
    pub y: f64,
    pub interval: Option<(f64, f64)>,
}

/// A dashed vertical line.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub label: String,
    pub x: f64,
}
