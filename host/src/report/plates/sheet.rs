//! A figure as one PNG that stands alone: pictures enlarged two or three times, with their words.

use ficta_core::{Error, ErrorKind, Result};
use plotters::{
    prelude::{BitMapBackend, IntoDrawingArea},
    style::{
        IntoFont, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{Plate, PlateCell, PlateRow, grid::paint};
use crate::report::{
    chart::{BITMAP_DROP, register, text_width},
    picture::Picture,
    png::{self, reduced},
};

const MARGIN: u32 = 20;
/// Between pictures of a cell.
const GAP: u32 = 2;
/// Between cells, and between cards.
const SPACE: u32 = 24;
const LINE: u32 = 20;
const FONT: i32 = 16;
/// Cards are put side by side up to this width.
const WIDEST: u32 = 1400;

/// A PNG (RGB, white ground) of the plate.
///
/// # Errors
/// When the compiled-in font cannot be read or encoding fails.
pub(crate) fn sheet(plate: &Plate<'_>) -> Result<Vec<u8>> {
    register()?;
    let native = plate.tile();
    let tile = native * (96 / native).clamp(1, 3);
    let mut canvas = Layout {
        tile,
        tiles: Vec::new(),
        texts: Vec::new(),
    };
    let (width, height) = if plate.is_cards() {
        canvas.cards(plate)
    } else {
        canvas.table(plate)
    };
    canvas.draw(plate, width, height)
}

/// Where everything goes.
struct Layout<'a> {
    tile: u32,
    tiles: Vec<(u32, u32, &'a Picture)>,
    /// Left end, middle line, words, whether they are headings.
    texts: Vec<(u32, u32, String, bool)>,
}

fn text_span(text: &str) -> u32 {
    text_width(text, FONT).max(0) as u32
}

impl<'a> Layout<'a> {
    /// Width and height of a cell.
    fn cell_size(&self, cell: &PlateCell<'_>) -> (u32, u32) {
        let per_line = cell.per_line.clamp(1, cell.pictures.len().max(1));
        let lines = cell.pictures.len().div_ceil(per_line) as u32;
        let words = cell.words.iter().map(|w| text_span(w)).max().unwrap_or(0);
        let across = per_line as u32 * (self.tile + GAP) - GAP;
        (
            across.max(words),
            lines * (self.tile + GAP) + cell.words.len() as u32 * LINE,
        )
    }

    fn put_cell(&mut self, cell: &PlateCell<'a>, left: u32, top: u32) {
        let per_line = cell.per_line.clamp(1, cell.pictures.len().max(1));
        let step = self.tile + GAP;
        for (n, picture) in cell.pictures.iter().copied().enumerate() {
            let (x, y) = ((n % per_line) as u32, (n / per_line) as u32);
            self.tiles.push((left + x * step, top + y * step, picture));
        }
        let mut y = top + cell.pictures.len().div_ceil(per_line) as u32 * step;
        for words in &cell.words {
            self.texts.push((left, y + LINE / 2, words.clone(), false));
            y += LINE;
        }
    }

    fn put_name(&mut self, row: &PlateRow<'_>, left: u32, top: u32) -> u32 {
        let mut y = top;
        for (n, text) in std::iter::once(&row.name).chain(&row.notes).enumerate() {
            self.texts.push((left, y + LINE / 2, text.clone(), n == 0));
            y += LINE;
        }
        y
    }

    fn name_width(row: &PlateRow<'_>) -> u32 {
        let texts = std::iter::once(&row.name).chain(&row.notes);
        texts.map(|t| text_span(t)).max().unwrap_or(0)
    }

    /// Names on the left, cells in columns with heads.
    fn table(&mut self, plate: &Plate<'a>) -> (u32, u32) {
        let columns = plate.heads.len();
        let mut widths: Vec<u32> = plate.heads.iter().map(|h| text_span(h)).collect();
        for row in &plate.rows {
            widths[0] = widths[0].max(Self::name_width(row));
            for (at, cell) in row.cells.iter().enumerate().take(columns - 1) {
                widths[at + 1] = widths[at + 1].max(self.cell_size(cell).0);
            }
        }
        let mut lefts = vec![MARGIN];
        for w in &widths {
            lefts.push(lefts[lefts.len() - 1] + w + SPACE);
        }
        for (head, &left) in plate.heads.iter().zip(&lefts) {
            self.texts.push((left, MARGIN + LINE / 2, head.clone(), true));
        }
        let mut y = MARGIN + LINE + 6;
        for row in &plate.rows {
            let mut end = self.put_name(row, lefts[0], y);
            for (at, cell) in row.cells.iter().enumerate().take(columns - 1) {
                self.put_cell(cell, lefts[at + 1], y);
                end = end.max(y + self.cell_size(cell).1);
            }
            let has_words = row.cells.iter().any(|c| !c.words.is_empty());
            y = end + if has_words { SPACE / 2 } else { GAP };
        }
        (lefts[columns] - SPACE + MARGIN, y + MARGIN)
    }

    /// Rows as cards of one size, side by side.
    fn cards(&mut self, plate: &Plate<'a>) -> (u32, u32) {
        let size = |row: &PlateRow<'_>| {
            let cells: Vec<(u32, u32)> = row.cells.iter().map(|c| self.cell_size(c)).collect();
            let across = cells.iter().map(|c| c.0 + GAP * 4).sum::<u32>();
            let down = cells.iter().map(|c| c.1).max().unwrap_or(0);
            (
                across.max(Self::name_width(row)),
                down + (1 + row.notes.len() as u32) * LINE,
            )
        };
        let (width, height) = plate
            .rows
            .iter()
            .map(size)
            .fold((1, 1), |(w, h), (a, b)| (w.max(a), h.max(b)));
        let fit = ((WIDEST - 2 * MARGIN + SPACE) / (width + SPACE)).max(1);
        let side_by_side = fit.min(plate.rows.len() as u32).max(1);
        for (n, row) in plate.rows.iter().enumerate() {
            let (across, down) = (n as u32 % side_by_side, n as u32 / side_by_side);
            let mut x = MARGIN + across * (width + SPACE);
            let top = MARGIN + down * (height + SPACE);
            let y = self.put_name(row, x, top);
            for cell in &row.cells {
                self.put_cell(cell, x, y);
                x += self.cell_size(cell).0 + GAP * 4;
            }
        }
        let down = (plate.rows.len() as u32).div_ceil(side_by_side);
        (
            2 * MARGIN + side_by_side * (width + SPACE) - SPACE,
            2 * MARGIN + down * (height + SPACE) - SPACE,
        )
    }

    fn draw(&self, plate: &Plate<'_>, width: u32, height: u32) -> Result<Vec<u8>> {
        let mut pixels = vec![255_u8; width as usize * height as usize * 3];
        for &(left, top, picture) in &self.tiles {
            paint(picture, self.tile, |x, y, rgb| {
                let at = ((top + y) as usize * width as usize + (left + x) as usize) * 3;
                pixels[at..at + 3].copy_from_slice(&rgb);
            });
        }
        let failed = |e: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::OTHER,
                format!("figure {:?} cannot be drawn: {e}", plate.slug),
            )
        };
        for (x, y, text, heading) in &self.texts {
            let (across, line) = text_line(text, *heading).map_err(|e| failed(&e))?;
            let top = y - LINE / 2;
            for (n, rgb) in line.chunks_exact(3).enumerate() {
                let (x, y) = (x + n as u32 % across, top + n as u32 / across);
                if x < width && y < height {
                    let at = (y as usize * width as usize + x as usize) * 3;
                    pixels[at..at + 3].copy_from_slice(rgb);
                }
            }
        }
        png::encode(&pixels, width, height, 3)
    }
}

/// A line of text on white, its width and its RGB pixels `[LINE, width, 3]`. Drawn large and averaged down: plotters places
/// letters on whole pixels.
fn text_line(text: &str, heading: bool) -> Result<(u32, Vec<u8>), String> {
    const LARGE: u32 = 4;
    let width = text_span(text) + 4;
    let (w, h) = (width * LARGE, LINE * LARGE);
    let mut drawn = vec![255_u8; (w * h * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut drawn, (w, h)).into_drawing_area();
        let colour = if heading {
            RGBColor(0x10, 0x14, 0x18)
        } else {
            RGBColor(0x45, 0x4e, 0x58)
        };
        let size = FONT * LARGE as i32;
        let style = TextStyle::from(("sans-serif", size).into_font())
            .color(&colour)
            .pos(Pos::new(HPos::Left, VPos::Center));
        let middle = h as i32 / 2 + (f64::from(size) * BITMAP_DROP) as i32;
        area.draw_text(text, &style, (0, middle)).map_err(|e| e.to_string())?;
        area.present().map_err(|e| e.to_string())?;
    }
    Ok((width, reduced(&drawn, w as usize, h as usize, LARGE as usize)))
}
