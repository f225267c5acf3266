//! A CSV of pairs: `path_a,path_b,same[,fold]`, with a heading or without.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use csv::{ReaderBuilder, StringRecord};
use ficta_core::{Error, ErrorKind, Result};

use super::{VerificationSet, image_files::ImageFiles};
use crate::storage::atomic::{self, io_error};

const HEADING: [&str; 4] = ["path_a", "path_b", "same", "fold"];

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPair {
    /// Path of the first image, relative to the CSV's folder or absolute.
    pub first: PathBuf,
    /// Path of the second.
    pub second: PathBuf,
    /// Whether both show one person.
    pub same: bool,
    /// Fold.
    pub fold: usize,
}

/// Writes a list of pairs, whole or not at all.
///
/// # Errors
/// A path that is no UTF-8; [`ErrorKind::IO`] with the path.
pub fn write(path: &Path, pairs: &[ListedPair]) -> Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let fields = |pair: &ListedPair| -> Result<[String; 4]> {
        let text = |p: &Path| {
            p.to_str().map(str::to_owned).ok_or_else(|| {
                Error::data(format!("{} cannot stand in a CSV: its name is no UTF-8", p.display()))
                    .help("rename it, or write a pack (.bin)")
            })
        };
        Ok([
            text(&pair.first)?,
            text(&pair.second)?,
            u8::from(pair.same).to_string(),
            pair.fold.to_string(),
        ])
    };
    let failed = |e: csv::Error| Error::wrap(ErrorKind::IO, format!("cannot write {}", path.display()), &e);
    out.write_record(HEADING).map_err(failed)?;
    for pair in pairs {
        out.write_record(fields(pair)?).map_err(failed)?;
    }
    let bytes = out
        .into_inner()
        .map_err(|e| Error::io(format!("cannot write {}: {}", path.display(), e.error())))?;
    atomic::write_bytes(path, &bytes)
}

pub(super) fn open(path: &Path, root: &Path) -> Result<VerificationSet> {
    let bytes = fs::read(path).map_err(|e| io_error("read", path, &e))?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&bytes[..]);
    let (mut files, mut pairs, mut same, mut folds) = (ImageFiles::default(), Vec::new(), Vec::new(), Vec::new());
    for (row, record) in reader.records().enumerate() {
        let record =
            record.map_err(|e| Error::wrap(ErrorKind::DATA, format!("{} is no sound CSV", path.display()), &e))?;
        if row == 0 && record.iter().zip(HEADING).all(|(field, name)| field.trim() == name) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let (a, b, is_same, fold) = fields(&record).map_err(|e| e.context(format!("{}:{line}", path.display())))?;
        pairs.push([files.number(&root.join(a)), files.number(&root.join(b))]);
        same.push(is_same);
        folds.push(fold.map(str::to_owned));
    }
    let given: Vec<&String> = folds.iter().flatten().collect();
    if !given.is_empty() && given.len() != folds.len() {
        return Err(Error::data(format!(
            "{}: {} of {} pairs have a fold, expected all or none",
            path.display(),
            given.len(),
            folds.len()
        )));
    }
    // Folds are numbered as they appear.
    let mut names = BTreeMap::new();
    let fold: Vec<usize> = given
        .iter()
        .map(|name| {
            let next = names.len();
            *names.entry(name.as_str()).or_insert(next)
        })
        .collect();
    Ok(VerificationSet {
        name: String::new(),
        images: Box::new(files),
        pairs,
        same,
        folds: names.len(),
        fold,
    })
}

fn fields(record: &StringRecord) -> Result<(&str, &str, bool, Option<&str>)> {
    let all: Vec<&str> = record.iter().map(str::trim).collect();
    let (a, b, same, fold) = match all[..] {
        [a, b, same] => (a, b, same, None),
        [a, b, same, fold] => (a, b, same, Some(fold).filter(|f| !f.is_empty())),
        _ => {
            return Err(Error::data(format!(
                "{} fields, expected 3 or 4: path_a,path_b,same[,fold]",
                all.len()
            )));
        }
    };
    if a.is_empty() || b.is_empty() {
        return Err(Error::data("a path is empty"));
    }
    let same = match same.to_ascii_lowercase().as_str() {
        "1" | "true" => true,
        "0" | "false" => false,
        _ => return Err(Error::data(format!("`same` is `{same}`, expected 1, 0, true or false"))),
    };
    Ok((a, b, same, fold))
}
