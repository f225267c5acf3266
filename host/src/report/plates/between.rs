//! Figs. 2 and 3: candidates between the real IDs that they were made from.

use super::{Plate, PlateCell, PlateRow};
use crate::report::{
    input::{Between, Decision, RealId},
    number::fixed,
};

pub(super) fn discarded(of: &[Between]) -> Option<Plate<'_>> {
    (!of.is_empty()).then(|| Plate {
        slug: "fig2-discarded",
        label: "Fig. 2",
        title: "Discarded fictional IDs".into(),
        caption: "Each between its two real parents, with the reason that ID-NMS gave: the real or already selected ID that it is too similar to, and the cosine to it."
            .into(),
        heads: Vec::new(),
        rows: of.iter().map(row).collect(),
    })
}

pub(super) fn selected(of: &[Between]) -> Option<Plate<'_>> {
    (!of.is_empty()).then(|| Plate {
        slug: "fig3-selected",
        label: "Fig. 3",
        title: "Selected fictional IDs".into(),
        caption: "Each between its two real parents.".into(),
        heads: Vec::new(),
        rows: of.iter().map(row).collect(),
    })
}

fn row(of: &Between) -> PlateRow<'_> {
    let mut cells = Vec::new();
    cells.extend(of.left.as_ref().map(parent));
    let n = of.pictures.len();
    cells.push(PlateCell {
        pictures: of.pictures.iter().collect(),
        per_line: if n <= 4 { n } else { n.div_ceil(2) },
        words: vec![format!("t {}, V {}", fixed(of.t, 2), fixed(of.variance, 2))],
        alt: match (&of.left, &of.right) {
            (Some(a), Some(b)) => format!("Fictional ID {} between {} and {}", of.name, a.name, b.name),
            _ => format!("Fictional ID {}", of.name),
        },
    });
    cells.extend(of.right.as_ref().map(parent));
    PlateRow {
        name: of.name.clone(),
        notes: vec![reason(&of.decision)],
        cells,
    }
}

fn parent(id: &RealId) -> PlateCell<'_> {
    PlateCell {
        pictures: id.pictures.iter().take(1).collect(),
        per_line: 1,
        words: vec![id.name.clone()],
        alt: format!("Real ID {}", id.name),
    }
}

fn reason(decision: &Decision) -> String {
    match decision {
        Decision::Selected { nearest_real } => format!("selected; nearest real cosine {}", fixed(*nearest_real, 2)),
        Decision::Real { blocker, cosine } => format!("too near real {blocker}: cosine {}", fixed(*cosine, 2)),
        Decision::AlreadySelected { blocker, cosine } => {
            format!("too near selected {blocker}: cosine {}", fixed(*cosine, 2))
        }
        Decision::ParentCap => "a parent has its full number of children".to_owned(),
        Decision::TargetReached => "enough were selected before".to_owned(),
    }
}
