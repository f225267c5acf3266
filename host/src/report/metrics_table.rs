//! The table of metrics: each number with all that is needed to repeat it.

use super::{
    input::{Better, Metric, Unit},
    number::{MISSING, fixed, in_unit, interval},
    table::{Cell, Column, Table},
};

pub(super) fn table(metrics: &[Metric]) -> Table {
    Table {
        columns: vec![
            Column::text("Set"),
            Column::text("Metric"),
            Column::number("Value", ""),
            Column::text("Better"),
            Column::number("Threshold", ""),
            Column::text("Convention"),
            Column::text("Evaluator"),
            Column::number("Seed", ""),
        ],
        rows: metrics.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn row(of: &Metric) -> Vec<Cell> {
    let name = match of.unit {
        Unit::Percent => format!("{} (%)", of.name),
        _ => of.name.clone(),
    };
    let dash = || MISSING.to_owned();
    vec![
        Cell::new(&of.set),
        Cell::new(name),
        Cell::with_interval(in_unit(of.value, of.unit), interval(of.interval, of.unit)),
        Cell::new(match of.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => MISSING,
        }),
        Cell::new(of.threshold.map_or_else(dash, |t| fixed(t, 3))),
        Cell::new(&of.convention),
        Cell::new(&of.evaluator),
        Cell::new(of.seed.map_or_else(dash, |s| s.to_string())),
    ]
}
