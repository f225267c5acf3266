//! The table of metrics: each number with all that is needed to repeat it.

use super::{
    input::{Better, Metric, Unit},
    number::{MISSING, fixed, in_unit, interval},
    table::{Cell, Column, Table},
};

/// One row a set and one column a metric, conventions in footnotes. Where a metric was not taken in the same way on all sets, or
/// twice on one, one row a number instead, so that nothing is lost.
pub(super) fn table(metrics: &[Metric]) -> Table {
    by_set(metrics).unwrap_or_else(|| by_number(metrics))
}

fn distinct<'a>(metrics: &'a [Metric], key: impl Fn(&'a Metric) -> &'a str) -> Vec<&'a str> {
    let mut out: Vec<&str> = Vec::new();
    for key in metrics.iter().map(key) {
        if !out.contains(&key) {
            out.push(key);
        }
    }
    out
}

fn by_set(metrics: &[Metric]) -> Option<Table> {
    let (sets, names) = (distinct(metrics, |m| &m.set), distinct(metrics, |m| &m.name));
    let mut table = Table {
        columns: vec![Column::text("Set")],
        ..Table::default()
    };
    table.rows = sets.iter().map(|set| vec![Cell::new(*set)]).collect();
    let evaluators = distinct(metrics, |m| &m.evaluator);
    let mut notes = Vec::new();
    for name in names {
        let of_name: Vec<&Metric> = metrics.iter().filter(|m| m.name == name).collect();
        let first = of_name[0];
        if !of_name.iter().all(|m| same_way(m, first)) {
            return None;
        }
        table.columns.push(Column::number(name, unit(first)));
        for (set, row) in sets.iter().zip(&mut table.rows) {
            let mut of_set = of_name.iter().filter(|m| m.set == *set);
            row.push(of_set.next().map_or_else(|| Cell::new(MISSING), |m| value(m)));
            if of_set.next().is_some() {
                return None;
            }
        }
        notes.push((name, how(first, evaluators.len() > 1)));
    }
    for (name, how) in notes {
        table.note(&[name], name, how);
    }
    if let [only] = evaluators.as_slice() {
        table.note(&[], "Evaluator", *only);
    }
    Some(table)
}

fn same_way(a: &Metric, b: &Metric) -> bool {
    let bits = |m: &Metric| m.threshold.map(f64::to_bits);
    a.unit == b.unit
        && a.better == b.better
        && a.convention == b.convention
        && bits(a) == bits(b)
        && a.evaluator == b.evaluator
        && a.seed == b.seed
}

/// Percent or nothing, and an arrow to the better side.
fn unit(of: &Metric) -> String {
    let arrow = match of.better {
        Better::Higher => "↑",
        Better::Lower => "↓",
        Better::Neither => "",
    };
    let unit = match of.unit {
        Unit::Percent => "% ",
        _ => "",
    };
    format!("{unit}{arrow}").trim_end().to_owned()
}

fn how(of: &Metric, with_evaluator: bool) -> String {
    let mut out = of.convention.clone();
    if let Some(threshold) = of.threshold {
        out.push_str(&format!("; threshold {}", fixed(threshold, 3)));
    }
    if let Some(seed) = of.seed {
        out.push_str(&format!("; seed {seed}"));
    }
    if with_evaluator {
        out.push_str(&format!("; evaluator: {}", of.evaluator));
    }
    out
}

fn value(of: &Metric) -> Cell {
    Cell::with_interval(in_unit(of.value, of.unit), interval(of.interval, of.unit))
}

fn by_number(metrics: &[Metric]) -> Table {
    Table {
        columns: vec![
            Column::text("Set"),
            Column::text("Metric"),
            Column::number("Value", ""),
            Column::text("Unit, better"),
            Column::number("Threshold", ""),
            Column::text("Convention"),
            Column::text("Evaluator"),
            Column::number("Seed", ""),
        ],
        rows: metrics.iter().map(row).collect(),
        notes: Vec::new(),
        head_column: 1,
    }
}

fn row(of: &Metric) -> Vec<Cell> {
    let dash = || MISSING.to_owned();
    vec![
        Cell::new(&of.set),
        Cell::new(&of.name),
        value(of),
        Cell::new(unit(of)),
        Cell::new(of.threshold.map_or_else(dash, |t| fixed(t, 3))),
        Cell::new(&of.convention),
        Cell::new(&of.evaluator),
        Cell::new(of.seed.map_or_else(dash, |s| s.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(set: &str, name: &str, value: f64) -> Metric {
        Metric {
            set: set.into(),
            name: name.into(),
            value,
            interval: None,
            unit: Unit::Percent,
            better: Better::Higher,
            convention: "cosine".into(),
            threshold: Some(0.3),
            evaluator: "e".into(),
            seed: None,
        }
    }

    #[test]
    fn sets_are_rows_and_conventions_footnotes() {
        let t = table(&[metric("a", "U", 0.5), metric("b", "U", 0.25), metric("b", "P", 0.125)]);
        let cells: Vec<Vec<&str>> = t
            .rows
            .iter()
            .map(|r| r.iter().map(|c| c.text.as_str()).collect())
            .collect();
        assert_eq!(cells, [["a", "50.00", "–"], ["b", "25.00", "12.50"]]);
        assert_eq!(t.columns[1].head(), "U (% ↑)");
        assert_eq!(t.columns[1].mark, Some('a'));
        assert_eq!(t.notes[0].text, "cosine; threshold 0.300");
        assert_eq!((t.notes[2].term.as_str(), t.notes[2].text.as_str()), ("Evaluator", "e"));
    }

    #[test]
    fn unequal_ways_keep_a_row_each() {
        let mut other = metric("b", "U", 0.25);
        other.threshold = Some(0.4);
        let t = table(&[metric("a", "U", 0.5), other]);
        assert_eq!(t.rows.len(), 2);
        assert_eq!(t.rows[1][4].text, "0.400");
        let t = table(&[metric("a", "U", 0.5), metric("a", "U", 0.6)]);
        assert_eq!((t.rows.len(), t.columns.len()), (2, 8), "neither number may be lost");
    }
}
