//! The result of an evaluation on verification sets, as text, Markdown and CSV.

mod csv;
mod tables;

use super::{markdown, text};
use crate::evaluation::{Evaluation, Roc};

/// The tables for a terminal.
pub fn verification_text(of: &Evaluation) -> String {
    let tables = tables::all(of);
    let parts: Vec<String> = tables.iter().map(text::aligned).collect();
    let notes = tables::notes(of)
        .into_iter()
        .map(|note| text::wrapped(&note, 118, "  "));
    format!("{}\n{}", parts.join("\n"), notes.collect::<String>())
}

/// The tables as Markdown.
pub fn verification_markdown(of: &Evaluation) -> String {
    let parts: Vec<String> = tables::all(of).iter().map(markdown::table).collect();
    let notes = tables::notes(of)
        .into_iter()
        .map(|note| format!("- {}\n", markdown::escaped(&note)));
    format!("{}\n{}", parts.join("\n"), notes.collect::<String>())
}

/// One row a set, and one with set "Avg": raw fractions, empty where not known.
pub fn verification_csv(of: &Evaluation) -> String {
    csv::sets(of)
}

/// Every operating point of each set: `set,far,tar`.
pub fn verification_roc_csv(curves: &[(String, Roc)]) -> String {
    csv::roc(curves)
}

#[cfg(test)]
mod tests;
