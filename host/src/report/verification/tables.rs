//! The tables of an evaluation.

use super::super::{
    number::{counted, fixed, rate, signed},
    table::{Cell, Column, Table},
};
use crate::evaluation::{Evaluation, Protocol};

/// Accuracies by network, figures by set, and the comparison where there is one.
pub(super) fn all(of: &Evaluation) -> Vec<Table> {
    [Some(accuracies(of)), Some(figures(of)), differences(of)]
        .into_iter()
        .flatten()
        .collect()
}

fn percent(x: f64) -> String {
    fixed(x * 100.0, 2)
}

fn accuracies(of: &Evaluation) -> Table {
    let mut columns = vec![Column::text("Accuracy, %")];
    columns.extend(of.sets.iter().map(|s| Column::number(&*s.set, "")));
    columns.push(Column::number("Avg", ""));
    if of.reference.is_some() {
        columns.push(Column::number("Gap", "%"));
        columns.push(Column::number("Difference", "points"));
    }
    let width = columns.len();
    let row = |name: &str, accuracies: &[f64], average: f64, rest: &[String]| {
        let mut cells = vec![Cell::new(name)];
        cells.extend((0..of.sets.len()).map(|at| Cell::new(percent(accuracies.get(at).copied().unwrap_or(f64::NAN)))));
        cells.push(Cell::new(percent(average)));
        cells.extend(rest.iter().map(Cell::new));
        cells.resize(width, Cell::default());
        cells
    };
    let own: Vec<f64> = of.sets.iter().map(|s| s.measures.accuracy).collect();
    let gaps = of.reference.as_ref().map_or(Vec::new(), |r| {
        vec![signed(r.gap_percent, 2), signed(r.difference * 100.0, 2)]
    });
    let mut rows = vec![row(&of.name, &own, of.average, &gaps)];
    if let Some(other) = &of.comparison {
        rows.push(row(&other.name, &other.accuracies, other.average, &[]));
    }
    if let Some(reference) = &of.reference {
        rows.push(row(
            &format!("{} (reference)", reference.name),
            &reference.accuracies,
            reference.average,
            &[fixed(0.0, 2), fixed(0.0, 2)],
        ));
    }
    Table {
        columns,
        rows,
        ..Table::default()
    }
}

fn figures(of: &Evaluation) -> Table {
    let far = of.sets.first().map_or(&[][..], |s| &s.measures.tar[..]);
    let val = of.sets.first().map_or(f64::NAN, |s| s.measures.val.target);
    let mut columns = vec![
        Column::text(&*of.name),
        Column::number("Pairs", ""),
        Column::number("Accuracy", "%"),
        Column::number("Std", "%"),
        Column::number("Threshold", ""),
        Column::number(format!("VAL@FAR={}", rate(val)), "%"),
    ];
    columns.extend(far.iter().map(|t| Column::number(format!("TAR@{}", rate(t.far)), "%")));
    columns.push(Column::number("EER", "%"));
    let rows = of.sets.iter().map(|s| {
        let m = &s.measures;
        let mut cells = vec![
            s.set.clone(),
            (m.genuine + m.impostor).to_string(),
            percent(m.accuracy),
            percent(m.deviation),
            fixed(m.thresholds.iter().sum::<f64>() / m.thresholds.len() as f64, 3),
            percent(m.val.val),
        ];
        cells.extend(m.tar.iter().map(|t| percent(t.tar.unwrap_or(f64::NAN))));
        cells.push(percent(m.eer));
        cells.into_iter().map(Cell::new).collect()
    });
    Table {
        rows: rows.collect(),
        columns,
        ..Table::default()
    }
}

fn differences(of: &Evaluation) -> Option<Table> {
    let other = of.comparison.as_ref()?;
    let columns = vec![
        Column::text(format!("{} less {}", of.name, other.name)),
        Column::number("Difference", "points"),
        Column::number("95% interval", "points"),
        Column::number("First better", "% of resamplings"),
    ];
    let names = of.sets.iter().map(|s| s.set.as_str()).chain(["Avg"]);
    let all = other.differences.iter().chain([&other.average_difference]);
    let rows = names.zip(all).map(|(name, d)| {
        let interval = d.interval.map_or_else(
            || "–".to_owned(),
            |i| format!("[{}, {}]", signed(i.lower * 100.0, 2), signed(i.upper * 100.0, 2)),
        );
        [
            name.to_owned(),
            signed(d.difference * 100.0, 2),
            interval,
            fixed(d.first_better * 100.0, 1),
        ]
        .map(Cell::new)
        .to_vec()
    });
    Some(Table {
        rows: rows.collect(),
        columns,
        ..Table::default()
    })
}

/// What the figures are.
pub(super) fn notes(of: &Evaluation) -> Vec<String> {
    let folds = of.sets.first().map_or(0, |s| s.measures.fold_accuracies.len());
    let mut notes = vec![
        match of.protocol {
            Protocol::Insightface => format!(
                "Protocol: InsightFace's verification.py: features of image and mirror image summed, then normalised; squared Euclidean distance; for each of \
                 {folds} folds the first best threshold of 0, 0.01, ... 3.99 on the other folds. Std is the population deviation over the folds."
            ),
            Protocol::Cosine => format!(
                "Protocol: features of image and mirror image summed, then normalised; cosine; for each of {folds} folds the first best threshold of -1, \
                 -0.995, ... 0.995 on the other folds. Std is the population deviation over the folds."
            ),
        },
        "TAR and EER are of all pairs of a set together; a dash stands where it has too few impostor pairs for the rate.".to_owned(),
    ];
    notes.extend(of.cautions.iter().map(|caution| format!("{}: {caution}.", of.name)));
    if let Some(r) = &of.reference {
        notes.push(format!(
            "Gap: (reference - this)/this, {} against {}; Difference: this less the reference.",
            percent(r.average),
            percent(of.average)
        ));
    }
    if let Some(c) = &of.comparison {
        notes.push(format!(
            "Intervals: paired bootstrap over the pairs of each fold and kind, {}, seed {}.",
            counted(c.resamplings, "resampling"),
            c.seed
        ));
    }
    for set in of.sets.iter().filter(|s| s.scaled_images > 0) {
        notes.push(format!(
            "{}: {} scaled to the network's size.",
            set.set,
            counted(set.scaled_images, "image")
        ));
    }
    notes
}
