//! Pairs of images as one PNG, outside of a report.

use ficta_core::Result;

use super::{
    picture::Picture,
    plates::{Plate, PlateCell, PlateRow, sheet},
};
use crate::data::prepare::Rgb;

/// Two images side by side.
pub struct Pair {
    /// Above them.
    pub name: String,
    /// Left image.
    pub first: Rgb,
    /// Below it.
    pub first_words: String,
    /// Right image.
    pub second: Rgb,
    /// Below it.
    pub second_words: String,
}

/// A PNG (RGB, white ground) with a card for each pair.
///
/// # Errors
/// An image of no pixels or with a side above 4096.
pub fn contact_sheet(title: &str, pairs: &[Pair]) -> Result<Vec<u8>> {
    let picture = |image: &Rgb| Picture::rgb(image.width as u32, image.height as u32, image.pixels.clone());
    let pictures = pairs
        .iter()
        .map(|pair| Ok([picture(&pair.first)?, picture(&pair.second)?]))
        .collect::<Result<Vec<_>>>()?;
    let cell = |picture, words: &String| PlateCell {
        pictures: vec![picture],
        per_line: 1,
        words: vec![words.clone()],
        alt: words.clone(),
    };
    let rows = pairs.iter().zip(&pictures).map(|(pair, [first, second])| PlateRow {
        name: pair.name.clone(),
        notes: Vec::new(),
        cells: vec![cell(first, &pair.first_words), cell(second, &pair.second_words)],
    });
    sheet(&Plate {
        slug: "contact",
        label: "",
        title: title.to_owned(),
        caption: String::new(),
        heads: Vec::new(),
        rows: rows.collect(),
    })
}
