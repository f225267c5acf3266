//! `ficta report`.

use crate::cli::own_stdout::out;
use std::path::Path;

use ficta_core::{Error, Result};
use serde_json::Value;

use super::args::ReportArgs;

pub fn report(args: &ReportArgs, as_json: bool) -> Result<()> {
    let folder = args.run_folder.join("report");
    if !as_json {
        return show(&folder);
    }
    let value: Value = serde_json::from_str(&read(&folder, "report.json")?)
        .map_err(|e| Error::data(format!("{}: {e}", folder.join("report.json").display())))?;
    out!("{value:#}");
    Ok(())
}

/// Prints the table, and where the page is.
pub fn show(folder: &Path) -> Result<()> {
    out!("{}", read(folder, "table.txt")?);
    let page = folder.join("index.html");
    out!("report: {}", page.canonicalize().unwrap_or(page).display());
    Ok(())
}

fn read(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    std::fs::read_to_string(&path)
        .map_err(|e| Error::io(format!("{}: {e}", path.display())).help("`ficta run RUN.toml` makes the report"))
}
