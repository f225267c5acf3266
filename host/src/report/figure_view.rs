//! The figures as the page's template wants them.

use base64::{Engine, engine::general_purpose::STANDARD};
use ficta_core::Result;
use serde::Serialize;

use super::plates::{Plate, PlateCell, grid};

#[derive(Serialize)]
pub(super) struct FigureView {
    slug: &'static str,
    label: &'static str,
    title: String,
    caption: String,
    cards: bool,
    heads: Vec<String>,
    rows: Vec<RowView>,
    /// Side of a picture on the page, in page pixels.
    tile: f64,
    /// Shown in whole multiples of its pixels.
    pixelated: bool,
}

#[derive(Serialize)]
struct RowView {
    name: String,
    notes: Vec<String>,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    image: Option<ImageView>,
    words: Vec<String>,
}

#[derive(Serialize)]
struct ImageView {
    src: String,
    alt: String,
    width: u32,
    height: u32,
    lines: u32,
}

/// A figure with its pictures inlined.
///
/// # Errors
/// When a picture cannot be encoded.
pub(super) fn figure_view(plate: &Plate<'_>) -> Result<FigureView> {
    let native = plate.tile();
    let halves = tile_halves(native, plate.across(), plate.is_cards());
    let rows = plate
        .rows
        .iter()
        .map(|row| {
            Ok(RowView {
                name: row.name.clone(),
                notes: row.notes.clone(),
                cells: row.cells.iter().map(|c| cell(c, native)).collect::<Result<_>>()?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(FigureView {
        slug: plate.slug,
        label: plate.label,
        title: plate.title.clone(),
        caption: plate.caption.clone(),
        cards: plate.is_cards(),
        heads: plate.heads.clone(),
        rows,
        tile: f64::from(native) * f64::from(halves) / 2.0,
        pixelated: halves.is_multiple_of(2),
    })
}

/// By how many halves a tile of `native` pixels is enlarged: in whole steps to about 96 page pixels, or 72 in cards and long
/// rows; less where `across` of
/// them have to stand side by side, never less than its own size unless that is above 112.
fn tile_halves(native: u32, across: usize, cards: bool) -> u32 {
    let side = if cards || across > 8 { 72 } else { 96 };
    const ROOM: u32 = 960;
    if native > 112 {
        return (2 * 112 / native).max(1);
    }
    let wanted = 2 * ((side + native / 2) / native);
    let fitting = 2 * ROOM / (across.max(1) as u32 * native);
    wanted.min(fitting).max(2)
}

fn cell(of: &PlateCell<'_>, native: u32) -> Result<CellView> {
    let image = grid(&of.pictures, of.per_line, native)?.map(|grid| ImageView {
        src: format!("data:image/png;base64,{}", STANDARD.encode(&grid.png)),
        alt: of.alt.clone(),
        width: grid.width,
        height: grid.height,
        lines: grid.lines,
    });
    Ok(CellView {
        image,
        words: of.words.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::tile_halves;

    #[test]
    fn tiles_fit_the_page() {
        assert_eq!(tile_halves(32, 3, true), 4);
        assert_eq!(tile_halves(32, 20, false), 3);
        assert_eq!(tile_halves(32, 12, false), 4);
        assert_eq!(tile_halves(32, 7, false), 6);
        assert_eq!(tile_halves(112, 4, false), 2);
        assert_eq!(tile_halves(64, 40, false), 2);
        assert_eq!(tile_halves(500, 4, true), 1);
    }
}
