//! Fig. 4 and the contact sheet: one ID a row.

use super::{Plate, PlateCell, PlateRow};
use crate::report::{
    input::{ContactRow, RealAndGenerated},
    number::counted,
    picture::Picture,
};

pub(super) fn real_and_generated(of: &[RealAndGenerated]) -> Option<Plate<'_>> {
    (!of.is_empty()).then(|| Plate {
        slug: "fig4-real-and-generated",
        label: "Fig. 4",
        title: "Real beside generated images".into(),
        caption:
            "One real ID a row: photographs at the generated size, then images generated from the ID's feature alone."
                .into(),
        heads: ["ID", "Real", "Generated"].map(str::to_owned).to_vec(),
        rows: of
            .iter()
            .map(|id| PlateRow {
                name: id.name.clone(),
                notes: Vec::new(),
                cells: vec![
                    line(
                        &id.real,
                        format!("{} of real ID {}", counted(id.real.len(), "photograph"), id.name),
                    ),
                    line(
                        &id.generated,
                        format!(
                            "{} of real ID {}",
                            counted(id.generated.len(), "generated image"),
                            id.name
                        ),
                    ),
                ],
            })
            .collect(),
    })
}

pub(super) fn contact(of: &[ContactRow]) -> Option<Plate<'_>> {
    (!of.is_empty()).then(|| Plate {
        slug: "contact-sheet",
        label: "Contact sheet",
        title: "Fictional IDs".into(),
        caption: "One fictional ID a row, with the two real IDs that it lies between.".into(),
        heads: ["ID", "Generated"].map(str::to_owned).to_vec(),
        rows: of
            .iter()
            .map(|id| PlateRow {
                name: id.name.clone(),
                notes: id.parents.iter().map(|(a, b)| format!("{a} × {b}")).collect(),
                cells: vec![line(
                    &id.pictures,
                    format!(
                        "{} of fictional ID {}",
                        counted(id.pictures.len(), "generated image"),
                        id.name
                    ),
                )],
            })
            .collect(),
    })
}

/// Pictures side by side, at most 20 in a line.
fn line(pictures: &[Picture], alt: String) -> PlateCell<'_> {
    PlateCell {
        pictures: pictures.iter().collect(),
        per_line: pictures.len().clamp(1, 20),
        words: Vec::new(),
        alt,
    }
}
