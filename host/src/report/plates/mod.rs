//! The figures as plates: rows of pictures with their words, from which both the page and the PNG sheets are made.

mod between;
mod grid;
mod rows;
mod sheet;
mod variance;

use super::{input::Input, picture::Picture};

pub(super) use grid::grid;
pub(super) use sheet::sheet;

/// A figure.
#[derive(Debug)]
pub(super) struct Plate<'a> {
    /// File name without ending, and anchor on the page.
    pub slug: &'static str,
    /// "Fig. 1".
    pub label: &'static str,
    pub title: String,
    /// What is to be seen.
    pub caption: String,
    /// Heads of the columns; empty for cards. The first heads the names of the rows.
    pub heads: Vec<String>,
    pub rows: Vec<PlateRow<'a>>,
}

/// One row, or one card.
#[derive(Debug)]
pub(super) struct PlateRow<'a> {
    pub name: String,
    /// Below the name.
    pub notes: Vec<String>,
    pub cells: Vec<PlateCell<'a>>,
}

/// Pictures that belong together, with their words.
#[derive(Debug)]
pub(super) struct PlateCell<'a> {
    pub pictures: Vec<&'a Picture>,
    /// Pictures in one line.
    pub per_line: usize,
    /// Below the pictures.
    pub words: Vec<String>,
    /// What is shown, for those who do not see it.
    pub alt: String,
}

impl Plate<'_> {
    /// Whether rows are shown as cards, several side by side.
    pub fn is_cards(&self) -> bool {
        self.heads.is_empty()
    }

    /// The larger side of the largest picture, in pixels; 1 where there is no picture.
    pub fn tile(&self) -> u32 {
        self.pictures().map(|p| p.width().max(p.height())).max().unwrap_or(1)
    }

    /// Pictures side by side in the widest row.
    pub fn across(&self) -> usize {
        let in_row =
            |row: &PlateRow<'_>| -> usize { row.cells.iter().map(|c| c.per_line.min(c.pictures.len()).max(1)).sum() };
        self.rows.iter().map(in_row).max().unwrap_or(1)
    }

    /// All its pictures.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.rows
            .iter()
            .flat_map(|r| &r.cells)
            .flat_map(|c| c.pictures.iter().copied())
    }
}

/// All figures that the input has pictures for, in the order shown.
pub(super) fn all(input: &Input) -> Vec<Plate<'_>> {
    let figures = &input.figures;
    [
        variance::plate(&figures.variance),
        between::discarded(&figures.discarded),
        between::selected(&figures.selected),
        rows::real_and_generated(&figures.real_and_generated),
        rows::contact(&figures.contact),
    ]
    .into_iter()
    .flatten()
    .collect()
}
