//! The one font of charts and sheets, compiled in, so that pictures are the same on every machine.

use std::sync::OnceLock;

use ficta_core::{Error, Result};
use plotters::style::{FontStyle, IntoFont, register_font};

/// SVG viewers put their own sans-serif in its place; PNG files show the one compiled in.
pub(super) const FAMILY: &str = "sans-serif";

/// plotters sets lines of text too high in bitmaps, by this part of their size (measured on this font).
pub(crate) const BITMAP_DROP: f64 = 0.19;

/// Makes the font known to plotters; must come before any drawing.
pub(crate) fn register() -> Result<()> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let loaded =
        DONE.get_or_init(|| register_font(FAMILY, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());
    if *loaded {
        Ok(())
    } else {
        Err(Error::new(
            ficta_core::ErrorKind::OTHER,
            "the font for charts, compiled into this program, cannot be read",
        ))
    }
}

/// Width of a line of text at a font size, in the units of the size; 0 before [`register`].
pub(crate) fn text_width(text: &str, size: i32) -> i32 {
    // Measured large and scaled down: plotters gives whole pixels.
    const FINE: i32 = 16;
    (FAMILY, size * FINE)
        .into_font()
        .box_size(text)
        .map_or(0, |(w, _)| (w as i32 + FINE - 1) / FINE)
}
