//! The tables as Markdown.

use super::{arms_table, input::Arms, table::Table};

/// The contents of `arms.md`.
pub(super) fn arms(arms: &Arms) -> String {
    if arms.rows.is_empty() {
        return "No arms were compared.\n".to_owned();
    }
    let accuracy = arms_table::accuracy(arms);
    let (title, points) = arms_table::titled_operating_points(arms);
    let mut out = table(&accuracy);
    if !arms.sets.is_empty() {
        out.push_str(&format!("\n{}\n\n", escaped(&title)));
        out.push_str(&table(&points));
    }
    out.push('\n');
    for note in accuracy.notes.iter().chain(&points.notes) {
        out.push_str(&format!("- {}: {}\n", escaped(&note.term), escaped(&note.text)));
    }
    out
}

pub(super) fn table(table: &Table) -> String {
    let mut out = String::from("|");
    for column in &table.columns {
        out.push_str(&format!(" {} |", escaped(&column.head())));
    }
    out.push_str("\n|");
    for column in &table.columns {
        out.push_str(if column.number { " ---: |" } else { " :--- |" });
    }
    out.push('\n');
    for row in &table.rows {
        out.push('|');
        for cell in row {
            let text = escaped(&cell.text);
            let text = if cell.best { format!("**{text}**") } else { text };
            match &cell.interval {
                Some(interval) => out.push_str(&format!(" {text} {} |", escaped(interval))),
                None => out.push_str(&format!(" {text} |")),
            }
        }
        out.push('\n');
    }
    out
}

/// Text that Markdown shows as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_in_a_name_becomes_markup() {
        assert_eq!(escaped("a|b\n*c*"), "a\\|b \\*c\\*");
    }
}
