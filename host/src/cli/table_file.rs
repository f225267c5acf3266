//! Tables as CSV or Parquet, by the file's name.

use std::path::Path;

use ficta_core::{Error, Result};

use crate::storage::Table;

/// Refuses a name that says neither; call it before the work.
///
/// # Errors
/// Another ending.
pub fn check(path: &Path) -> Result<()> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv" | "parquet") => Ok(()),
        _ => Err(Error::config(format!(
            "{}: a table is written as .csv or .parquet",
            path.display()
        ))),
    }
}

/// Writes a table, whole or not at all.
///
/// # Errors
/// Another ending than `.csv` and `.parquet`; writing failed.
pub fn write(table: &Table, path: &Path) -> Result<()> {
    check(path)?;
    match path.extension().is_some_and(|e| e == "csv") {
        true => table.write_csv(path),
        false => table.write_parquet(path),
    }
}
