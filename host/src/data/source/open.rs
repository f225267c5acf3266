//! Which layout lies at a path.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::{
    CelebASource, FolderSource, Format, GeneratedSource, ImageSource, OrlSource, ParquetSource, RecordIoSource,
    WebDatasetSource, ZipSource, webdataset::shards,
};
use crate::{data::natural_order, storage::atomic::io_error};

/// Opens the set at `path`, whatever its layout is. Images are not read yet.
///
/// # Errors
/// Nothing there; no known layout; an index that cannot be read, with file, place and reason.
pub fn open(path: &Path) -> Result<Box<dyn ImageSource>> {
    open_as(path, detect(path)?)
}

/// Opens the set at `path` as one of this layout.
///
/// # Errors
/// As for [`open`].
pub fn open_as(path: &Path, format: Format) -> Result<Box<dyn ImageSource>> {
    Ok(match format {
        Format::Folder => Box::new(FolderSource::open(path)?),
        Format::CelebA => Box::new(CelebASource::open(path)?),
        Format::Orl => Box::new(OrlSource::open(path)?),
        Format::RecordIo => Box::new(RecordIoSource::open(path)?),
        Format::WebDataset => Box::new(WebDatasetSource::open(path)?),
        Format::Zip => Box::new(ZipSource::open(path)?),
        Format::Parquet => Box::new(ParquetSource::open(path)?),
        Format::Generated => Box::new(GeneratedSource::open(path)?),
    })
}

/// The layout at a path: by what a folder holds, by a file's ending, else by its first bytes.
fn detect(path: &Path) -> Result<Format> {
    if !path.exists() && shards::is_pattern(path) {
        return Ok(Format::WebDataset);
    }
    if !path.exists() {
        let what = if path.extension().is_some() {
            "file"
        } else {
            "image folder"
        };
        let error = Error::data(format!("the {what} {} does not exist", path.display()));
        return Err(error.help("check the path; a relative one starts at the folder the command runs in"));
    }
    if path.is_dir() {
        let holds = |ending| with_ending(path, ending).map(|found| !found.is_empty());
        return Ok(match () {
            () if CelebASource::is_at(path) => Format::CelebA,
            // Its manifest is a Parquet file too.
            () if GeneratedSource::is_at(path) => Format::Generated,
            () if holds("rec")? => Format::RecordIo,
            () if holds("tar")? => Format::WebDataset,
            () if ParquetSource::is_at(path) => Format::Parquet,
            () if OrlSource::is_at(path) => Format::Orl,
            () => Format::Folder,
        });
    }
    let ending = path
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    match ending.as_str() {
        "rec" => return Ok(Format::RecordIo),
        "tar" => return Ok(Format::WebDataset),
        "zip" => return Ok(Format::Zip),
        "whl" => return Ok(Format::Orl),
        "parquet" => return Ok(Format::Parquet),
        "idx" | "lst" if path.with_extension("rec").is_file() => {
            let error = Error::data(format!("{} is the list of a set, not the set", path.display()));
            return Err(error.help(format!("name {}", path.with_extension("rec").display())));
        }
        _ => {}
    }
    let mut head = [0; 4];
    let read = File::open(path)
        .and_then(|mut file| file.read(&mut head))
        .map_err(|e| io_error("read", path, &e))?;
    match &head[..read] {
        b"PK\x03\x04" => Ok(Format::Zip),
        b"PAR1" => Ok(Format::Parquet),
        [0x0a, 0x23, 0xd7, 0xce] => Ok(Format::RecordIo),
        _ => Err(Error::data(format!(
            "{} is no set of labelled images that is known here",
            path.display()
        ))
        .help("expected a folder (person/image.png), CelebA's layout, .rec, .tar, .zip or .parquet")),
    }
}

/// The files in a folder that have this ending, in natural order.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] with the path where listing fails.
pub(super) fn with_ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let failed = |e: std::io::Error| io_error("read", folder, &e);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)) && path.is_file() {
            found.push(path);
        }
    }
    found.sort_by(|a, b| natural_order::compare(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(found)
}
