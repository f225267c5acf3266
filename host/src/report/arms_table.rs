//! The tables that compare arms.

use super::{
    gap::{is_generated, reference, to_reference},
    input::{Arm, Arms, Authenticity, Better, Estimate, SELECTED_MARK, Unit},
    number::{difference_in_unit, difference_interval, fixed, grouped, in_unit, interval, is_better, rate, signed},
    table::{Cell, Column, Table},
};

/// Name of an authenticity for readers.
fn authenticity(of: Authenticity) -> &'static str {
    match of {
        Authenticity::Real => "real",
        Authenticity::SyntheticReal => "synth., real IDs",
        Authenticity::Fictional => "synth., fictional",
        Authenticity::Mixed => "real + synth.",
    }
}

fn estimate(of: &Estimate) -> Cell {
    Cell::with_interval(in_unit(of.mean, Unit::Percent), interval(of.interval, Unit::Percent))
}

/// Mean images per ID: whole where whole, else with one decimal.
fn images(of: f64) -> String {
    fixed(of, if of.fract() == 0.0 { 0 } else { 1 })
}

/// The row among `candidates` with the best value.
fn best(candidates: &[usize], value: impl Fn(usize) -> f64, better: Better) -> Option<usize> {
    candidates
        .iter()
        .copied()
        .filter(|&r| value(r).is_finite())
        .reduce(|a, b| if is_better(value(b), value(a), better) { b } else { a })
}

/// Accuracy: one row an arm.
pub(super) fn accuracy(arms: &Arms) -> Table {
    let mut table = Table {
        columns: vec![
            Column::text("Arm"),
            Column::text("Authenticity"),
            Column::number("IDs", ""),
            Column::number("Images/ID", ""),
            Column::number("Steps", ""),
            Column::number("Seeds", ""),
        ],
        ..Table::default()
    };
    let first_set = table.columns.len();
    table.columns.extend(arms.sets.iter().map(|s| Column::number(s, "%")));
    table.columns.extend([
        Column::number("Avg", "%"),
        Column::number("Gap", "%"),
        Column::number("Difference", "pp"),
    ]);
    table.rows = arms.rows.iter().map(|arm| accuracy_row(arms, arm)).collect();

    let generated: Vec<usize> = (0..arms.rows.len()).filter(|&r| is_generated(&arms.rows[r])).collect();
    let on_set = |row: usize, s: usize| arms.rows[row].sets.get(s).map_or(f64::NAN, |r| r.accuracy.mean);
    for s in 0..arms.sets.len() {
        let row = best(&generated, |r| on_set(r, s), Better::Higher);
        table.set_off_best(first_set + s, row, &generated);
    }
    let row = best(&generated, |r| arms.rows[r].average.mean, Better::Higher);
    for at in first_set + arms.sets.len()..table.columns.len() {
        table.set_off_best(at, row, &generated);
    }
    accuracy_notes(arms, &mut table);
    table
}

fn accuracy_row(arms: &Arms, arm: &Arm) -> Vec<Cell> {
    let (gap, difference) = to_reference(arms, arm);
    let mut row = vec![
        Cell::new(arm.marked_name()),
        Cell::new(authenticity(arm.authenticity)),
        Cell::new(grouped(arm.ids)),
        Cell::new(images(arm.images_per_id)),
        Cell::new(grouped(arm.optimizer_steps)),
        Cell::new(arm.seeds.len().to_string()),
    ];
    for s in 0..arms.sets.len() {
        row.push(match arm.sets.get(s) {
            Some(result) => estimate(&result.accuracy),
            None => estimate(&Estimate::unknown()),
        });
    }
    row.push(estimate(&arm.average));
    row.push(Cell::new(signed(gap, 2)));
    row.push(Cell::with_interval(
        difference_in_unit(difference, Unit::Percent),
        difference_interval(arm.difference_interval, Unit::Percent),
    ));
    row
}

fn accuracy_notes(arms: &Arms, table: &mut Table) {
    let sets: Vec<&str> = arms.sets.iter().map(String::as_str).collect();
    let mut accuracy = "verification accuracy in percent, mean over seeds".to_owned();
    if !arms.protocol.is_empty() {
        accuracy.push_str("; ");
        accuracy.push_str(&arms.protocol);
    }
    table.note(&sets, "Accuracy", accuracy);
    if !arms.interval_method.is_empty() {
        table.note(&[], "Intervals", format!("in brackets; {}", arms.interval_method));
    }
    table.note(&["Steps"], "Steps", "optimizer steps of each training");
    let over = match (arms.averaged.len(), arms.sets.len()) {
        (0, 1) => format!("the one verification set, {}", arms.sets[0]),
        (0, n) => format!("the {n} verification sets"),
        (1, _) => format!("the verification set {} alone", arms.averaged[0]),
        _ => arms.averaged.join(", "),
    };
    table.note(&["Avg"], "Avg", format!("mean accuracy over {over}"));
    match reference(arms) {
        Some(real) => {
            let name = &real.name;
            table.note(
                &["Gap"],
                "Gap",
                format!("(REAL - SYN)/SYN × 100 of Avg, REAL being the arm {name}: the definition that reproduces the paper's printed gaps; positive is worse than {name}"),
            );
            table.note(
                &["Difference"],
                "Difference",
                format!("Avg minus Avg of {name}, in percentage points; negative is worse than {name}; its interval is paired"),
            );
        }
        None => table.note(
            &["Gap", "Difference"],
            "Gap, Difference",
            "not available: the run has no arm of real images",
        ),
    }
    table.note(
        &[],
        "Bold",
        "the best among arms of generated images alone; real and mixed arms are not ranked",
    );
    for arm in &arms.rows {
        for (seed, how) in arm.selected.iter().enumerate() {
            table.note(
                &[],
                SELECTED_MARK,
                format!("{}, training {}: {how}", arm.name, seed + 1),
            );
        }
    }
    for note in &arms.notes {
        table.note(&[], "Note", note);
    }
}

/// Operating points: one row for each set and arm.
fn operating_points(arms: &Arms) -> Table {
    let mut table = Table {
        columns: vec![Column::text("Set"), Column::text("Arm")],
        head_column: 1,
        ..Table::default()
    };
    let tar: Vec<String> = arms.far.iter().map(|&far| format!("TAR@FAR={}", rate(far))).collect();
    table.columns.extend(tar.iter().map(|title| Column::number(title, "%")));
    table.columns.push(Column::number("EER", "%"));
    for (s, set) in arms.sets.iter().enumerate() {
        let start = table.rows.len();
        let mut rows_of = Vec::new();
        for arm in &arms.rows {
            let Some(result) = arm.sets.get(s) else { continue };
            let mut row = vec![Cell::new(set), Cell::new(arm.marked_name())];
            row.extend((0..arms.far.len()).map(|f| match result.tar.get(f) {
                Some(tar) => estimate(tar),
                None => estimate(&Estimate::unknown()),
            }));
            row.push(estimate(&result.eer));
            table.rows.push(row);
            rows_of.push((arm, result));
        }
        let generated: Vec<usize> = (0..rows_of.len())
            .filter(|&r| is_generated(rows_of[r].0))
            .map(|r| start + r)
            .collect();
        for f in 0..arms.far.len() {
            let value = |r: usize| rows_of[r - start].1.tar.get(f).map_or(f64::NAN, |t| t.mean);
            let row = best(&generated, value, Better::Higher);
            table.set_off_best(2 + f, row, &generated);
        }
        let row = best(&generated, |r| rows_of[r - start].1.eer.mean, Better::Lower);
        table.set_off_best(2 + arms.far.len(), row, &generated);
    }
    let titles: Vec<&str> = tar.iter().map(String::as_str).collect();
    table.note(
        &titles,
        "TAR@FAR",
        "share of genuine pairs accepted where the stated share of impostor pairs is; percent, higher is better",
    );
    table.note(
        &["EER"],
        "EER",
        "the rate at which false acceptances and false rejections are equal; percent, lower is better",
    );
    table
}

/// Operating points with their title; the set stands in the title where there is only one.
pub(super) fn titled_operating_points(arms: &Arms) -> (String, Table) {
    let mut table = operating_points(arms);
    match arms.sets.as_slice() {
        [only] => {
            table.without_column(0);
            table.head_column = 0;
            (format!("Operating points on {only}"), table)
        }
        _ => ("Operating points".to_owned(), table),
    }
}
