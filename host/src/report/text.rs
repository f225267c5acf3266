//! The tables for a terminal.

use super::{
    arms_table, claims,
    input::Input,
    table::{Cell, Table},
};

/// The table of arms, the claims and the warnings as plain text, for a terminal of about 120 columns.
pub fn text_table(input: &Input) -> String {
    let mut out = String::new();
    let arms = &input.arms;
    if arms.rows.is_empty() {
        out.push_str("No arms were compared.\n");
    } else {
        let mut accuracy = arms_table::accuracy(arms);
        if arms.sets.len() == 1 {
            // The average says the same, and terminals are narrow.
            let of_set = accuracy.columns.iter().position(|c| c.title == arms.sets[0]);
            of_set.into_iter().for_each(|at| accuracy.without_column(at));
        }
        out.push_str(&aligned(&accuracy));
        if !arms.sets.is_empty() {
            let (title, mut points) = arms_table::titled_operating_points(arms);
            out.push_str(&format!("\n{title}\n"));
            out.push_str(&aligned(&points));
            let mut notes = accuracy.notes;
            notes.append(&mut points.notes);
            out.push('\n');
            for note in notes {
                let text = if note.term == "Bold" {
                    note.text.replacen("the best", "* the best", 1)
                } else {
                    format!("{}: {}", note.term, note.text)
                };
                out.push_str(&wrapped(&text, 118, "  "));
            }
        }
    }
    for claim in &input.claims {
        out.push_str(&format!("\n{}\n", claim.title));
        if !claim.expectation.is_empty() {
            out.push_str(&wrapped(&format!("Expected: {}", claim.expectation), 118, "  "));
        }
        out.push_str(&aligned(&claims::table(claim)));
    }
    if !input.claims.is_empty() {
        out.push('\n');
        out.push_str(&wrapped(claims::LEGEND, 118, "  "));
    }
    if !input.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &input.warnings {
        out.push_str(&wrapped(&format!("warning: {warning}"), 118, "  "));
    }
    out
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Columns padded to equal width; intervals on a line of their own below the values; the best marked by a star.
pub(super) fn aligned(table: &Table) -> String {
    let heads: Vec<String> = table.columns.iter().map(|c| c.head()).collect();
    let mut lines: Vec<Vec<String>> = Vec::new();
    for row in &table.rows {
        // The star's place is kept free in number columns, so that digits stay in line.
        lines.push(
            row.iter()
                .zip(&table.columns)
                .map(|(cell, column)| value(cell, column.number && starred(table)))
                .collect(),
        );
        if row.iter().any(|c| c.interval.is_some()) {
            lines.push(
                row.iter()
                    .zip(&table.columns)
                    .map(|(cell, column)| {
                        let text = cell.interval.clone().unwrap_or_default();
                        pad_star(text, column.number && starred(table))
                    })
                    .collect(),
            );
        }
    }
    let heads: Vec<String> = heads
        .into_iter()
        .zip(&table.columns)
        .map(|(head, column)| pad_star(head, column.number && starred(table)))
        .collect();
    let widths: Vec<usize> = (0..heads.len())
        .map(|c| lines.iter().map(|l| width(&l[c])).fold(width(&heads[c]), usize::max))
        .collect();
    let mut out = line(table, &heads, &widths);
    let rule: usize = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    out.push_str(&"-".repeat(rule));
    out.push('\n');
    for cells in &lines {
        out.push_str(&line(table, cells, &widths));
    }
    out
}

fn starred(table: &Table) -> bool {
    table.rows.iter().flatten().any(|c| c.best)
}

fn value(cell: &Cell, keep_place: bool) -> String {
    if cell.best {
        format!("{}*", cell.text)
    } else {
        pad_star(cell.text.clone(), keep_place)
    }
}

fn pad_star(mut text: String, keep_place: bool) -> String {
    if keep_place {
        text.push(' ');
    }
    text
}

fn line(table: &Table, cells: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push_str("  ");
        }
        let fill = " ".repeat(widths[at] - width(cell));
        if table.columns[at].number {
            out.push_str(&fill);
            out.push_str(cell);
        } else {
            out.push_str(cell);
            out.push_str(&fill);
        }
    }
    let mut out = out.trim_end().to_owned();
    out.push('\n');
    out
}

/// Breaks at blanks; following lines are indented.
pub(super) fn wrapped(text: &str, columns: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for word in text.split_whitespace() {
        if at > 0 && at + 1 + width(word) > columns {
            out.push('\n');
            out.push_str(indent);
            at = width(indent);
        } else if at > 0 {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += width(word);
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrapped("aa bb cc dd", 5, "  "), "aa bb\n  cc\n  dd\n");
        assert_eq!(wrapped("longerthanall x", 5, ""), "longerthanall\nx\n");
    }
}
