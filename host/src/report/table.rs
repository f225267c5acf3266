//! A table of finished text, before it becomes HTML, Markdown or terminal text.

use serde::Serialize;

use super::number::MISSING;

/// A table with footnotes.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    pub notes: Vec<Note>,
    /// The column whose cells head their rows.
    pub head_column: usize,
}

/// A column's head.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Column {
    pub title: String,
    /// Unit or direction, below the title.
    pub unit: String,
    /// Numbers are aligned right.
    pub number: bool,
    /// The footnote that explains it.
    pub mark: Option<char>,
}

/// What stands below a table; its mark is the letter of its place.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Note {
    pub mark: char,
    pub term: String,
    pub text: String,
}

/// One value.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Cell {
    pub text: String,
    /// Its interval, where it has one.
    pub interval: Option<String>,
    /// Set off as the best of its column.
    pub best: bool,
}

impl Column {
    pub fn text(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            unit: String::new(),
            number: false,
            mark: None,
        }
    }

    pub fn number(title: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            unit: unit.into(),
            number: true,
            mark: None,
        }
    }

    /// Title and unit on one line.
    pub fn head(&self) -> String {
        if self.unit.is_empty() {
            self.title.clone()
        } else {
            format!("{} ({})", self.title, self.unit)
        }
    }
}

impl Cell {
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub fn with_interval(text: impl Into<String>, interval: Option<String>) -> Self {
        Self {
            text: text.into(),
            interval,
            best: false,
        }
    }
}

impl Table {
    /// Adds a footnote and points the columns with these titles to it.
    pub fn note(&mut self, titles: &[&str], term: &str, text: impl Into<String>) {
        let mark = (b'a' + (self.notes.len() % 26) as u8) as char;
        for column in &mut self.columns {
            if titles.contains(&column.title.as_str()) {
                column.mark = Some(mark);
            }
        }
        self.notes.push(Note {
            mark,
            term: term.to_owned(),
            text: text.into(),
        });
    }

    /// Leaves out a column.
    pub fn without_column(&mut self, at: usize) {
        self.columns.remove(at);
        for row in &mut self.rows {
            row.remove(at);
        }
    }

    /// Sets off, in column `at`, every cell among `candidates` (rows) that shows the same text as the best one.
    pub fn set_off_best(&mut self, at: usize, best_row: Option<usize>, candidates: &[usize]) {
        let Some(best) = best_row.map(|r| self.rows[r][at].text.clone()) else {
            return;
        };
        for &row in candidates {
            let cell = &mut self.rows[row][at];
            cell.best = cell.text == best && best != MISSING;
        }
    }
}
