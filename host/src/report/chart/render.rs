//! A chart as SVG and as PNG.

use ficta_core::{Error, ErrorKind, Result};
use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend};

use super::{
    Chart,
    draw::{SCALE, draw},
    font::{BITMAP_DROP, register},
    layout::{Layout, WIDTH},
};
use crate::report::{escape::xml, png};

/// A chart as SVG, in two forms.
#[derive(Debug)]
pub(crate) struct Svg {
    /// For a page: no name space, no background, colours that style rules can replace.
    pub inline: String,
    /// A file that stands alone, on white.
    pub file: String,
}

/// Draws a chart as SVG.
///
/// # Errors
/// When the compiled-in font cannot be read or the backend fails.
pub(crate) fn render_svg(chart: &Chart) -> Result<Svg> {
    register()?;
    let layout = Layout::of(chart);
    let (width, height) = pixels_of(&layout);
    let mut drawn = String::new();
    {
        let area = SVGBackend::with_string(&mut drawn, (width, height)).into_drawing_area();
        draw(chart, &layout, &area, 0.0).map_err(|e| failed(chart, &e))?;
        area.present().map_err(|e| failed(chart, &e))?;
    }
    let body = drawn
        .split_once('\n')
        .and_then(|(_, rest)| rest.trim_end().strip_suffix("</svg>"))
        .ok_or_else(|| failed(chart, &"plotters wrote no <svg> element"))?;
    let (alt, title) = (xml(&chart.alt), xml(&chart.title));
    let view = format!(
        "viewBox=\"0 0 {width} {height}\" width=\"{WIDTH}\" height=\"{}\"",
        layout.height
    );
    Ok(Svg {
        inline: format!("<svg class=\"chart\" role=\"img\" aria-label=\"{title}. {alt}\" {view}>\n{body}</svg>\n"),
        file: format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" {view}>\n<title>{title}</title>\n<desc>{alt}</desc>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        ),
    })
}

/// Draws a chart as PNG, on white, two pixels to a page pixel.
///
/// # Errors
/// When the compiled-in font cannot be read or the backend fails.
pub(crate) fn render_png(chart: &Chart) -> Result<Vec<u8>> {
    register()?;
    let layout = Layout::of(chart);
    let (width, height) = pixels_of(&layout);
    let mut pixels = vec![255_u8; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw(chart, &layout, &area, BITMAP_DROP).map_err(|e| failed(chart, &e))?;
        area.present().map_err(|e| failed(chart, &e))?;
    }
    let half = png::reduced(&pixels, width as usize, height as usize, 2);
    png::encode(&half, width / 2, height / 2, 3)
}

fn pixels_of(layout: &Layout<'_>) -> (u32, u32) {
    ((WIDTH * SCALE) as u32, (layout.height * SCALE) as u32)
}

fn failed(chart: &Chart, cause: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::OTHER,
        format!("chart {:?} cannot be drawn: {cause}", chart.slug),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{Axis, Colour, Mark, Series, Shape};

    fn chart() -> Chart {
        Chart {
            slug: "c".into(),
            group: "g",
            title: "a < b".into(),
            alt: "two \"lines\"".into(),
            caption: String::new(),
            x: Axis::linear("x", 0.0, 1.0),
            y: Axis::linear("y", 0.0, 1.0),
            series: vec![Series {
                name: Some("line".into()),
                colour: Colour::Series(0),
                dashed: false,
                shape: Shape::Line(vec![(0.0, 0.0), (f64::NAN, 0.5), (0.5, 0.5), (1.0, 1.0)]),
            }],
            marks: vec![Mark {
                label: "here".into(),
                x: 0.9,
            }],
        }
    }

    #[test]
    fn text_is_escaped_and_the_inlined_form_names_no_address() {
        let r = render_svg(&chart()).unwrap();
        assert!(r.inline.contains("aria-label=\"a &lt; b. two &quot;lines&quot;\""));
        assert!(!r.inline.contains("http"));
        assert!(r.file.contains("xmlns"));
        assert!(r.inline.contains("here"));
    }

    #[test]
    fn the_png_shows_the_line_in_its_colour() {
        let image = image::load_from_memory(&render_png(&chart()).unwrap())
            .unwrap()
            .to_rgb8();
        assert_eq!(image.width(), 2 * WIDTH as u32);
        let near = |p: &image::Rgb<u8>| p.0.iter().zip([0x0b, 0x6b, 0xcb]).all(|(&a, b)| a.abs_diff(b) < 40);
        let coloured = image.pixels().filter(|p| near(p)).count();
        assert!(coloured > 500, "only {coloured} pixels have the line's colour");
        assert_eq!(image.get_pixel(0, 0).0, [255; 3]);
    }
}
