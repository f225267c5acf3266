//! Writers of sets of labelled images: one file a layout. A set is a folder that appears whole or not at all.

mod card;
mod file_name;
mod folder;
mod parquet;
mod recordio;
mod webdataset;

use std::path::Path;

use ficta_core::{Ctx, Error, Result};

pub use card::{CARD, Card, Origin};

use super::source::{Format, ImageSource};
use crate::storage::atomic;

/// An image on its way into a set.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The encoded image, written as it is.
    pub bytes: &'a [u8],
    /// Its identity.
    pub label: i64,
    /// The identity's name; its label where it has none.
    pub identity: &'a str,
    /// The image's own name, with an ending.
    pub file_name: &'a str,
}

/// Takes images, identity by identity in ascending order of label.
trait SetWriter {
    /// Adds the next image.
    ///
    /// # Errors
    /// Writing failed; a label that the layout cannot hold.
    fn add(&mut self, item: &Item<'_>) -> Result<()>;

    /// Writes what comes last.
    ///
    /// # Errors
    /// Writing failed.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// One image of a set to write: its place in the source and its label in the new set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Index in the source.
    pub index: usize,
    /// Label in the new set.
    pub label: i64,
}

/// Refuses a place where something lies that writing would replace.
///
/// # Errors
/// [`ficta_core::ErrorKind::CONFIG`] where `folder` is not empty and `replace` is not asked for, is or holds the source, or is named like a file.
pub fn check_destination(source: &Path, folder: &Path, replace: bool) -> Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    if let (Some(from), Some(to)) = (real(source), real(folder))
        && (from.starts_with(&to) || to.starts_with(&from) && from.is_dir())
    {
        return Err(Error::config(format!(
            "{} and {} lie in one another: the set would be written over itself",
            source.display(),
            folder.display()
        )));
    }
    let ending = folder.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if ["rec", "tar", "zip", "parquet"].contains(&ending) && !folder.is_dir() {
        return Err(Error::config(format!(
            "{} is named like a file, but a set is written into a folder",
            folder.display()
        ))
        .help("name a folder, and the layout with --format: `--format recordio FOLDER` writes FOLDER/train.rec"));
    }
    let filled = folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if filled && !replace {
        return Err(Error::config(format!("{} is not empty", folder.display()))
            .help("choose another folder, or give --replace to have it replaced once the new set is whole"));
    }
    Ok(())
}

/// Writes the chosen images of `source` to `folder`, in the order given, with a card. The folder appears whole or not at all; the same input
/// gives the same bytes.
///
/// # Errors
/// A layout that is only read; images that cannot be read; writing failed; cancellation.
pub fn write(
    source: &dyn ImageSource,
    chosen: &[Choice],
    names: &dyn Fn(i64) -> String,
    format: Format,
    folder: &Path,
    card: &Card,
    ctx: &Ctx<'_>,
) -> Result<()> {
    write_with(source, chosen, names, format, folder, card, ctx, &|_| Ok(()))
}

/// [`write`] with what `beside` puts into the folder.
///
/// # Errors
/// As for [`write`]; those of `beside`.
#[expect(clippy::too_many_arguments, reason = "each is a part of what is written")]
pub fn write_with(
    source: &dyn ImageSource,
    chosen: &[Choice],
    names: &dyn Fn(i64) -> String,
    format: Format,
    folder: &Path,
    card: &Card,
    ctx: &Ctx<'_>,
    beside: &dyn Fn(&Path) -> Result<()>,
) -> Result<()> {
    atomic::write_folder(folder, |aside| {
        let mut writer: Box<dyn SetWriter> = match format {
            Format::Folder => Box::new(folder::FolderWriter::new(aside)),
            Format::RecordIo => Box::new(recordio::RecordIoWriter::new(aside)?),
            Format::WebDataset => Box::new(webdataset::WebDatasetWriter::new(aside)),
            Format::Parquet => Box::new(parquet::ParquetWriter::new(aside, chosen, names)?),
            other => {
                return Err(Error::config(format!("`{other}` is read but not written"))
                    .help("write folder, recordio, webdataset or parquet"));
            }
        };
        let total = chosen.len() as u64;
        for (done, choice) in (1..).zip(chosen) {
            let bytes = source.bytes(choice.index)?;
            let own = source.file_name(choice.index);
            let file_name = file_name::with_ending(own.as_deref(), choice.index, &bytes);
            writer.add(&Item {
                bytes: &bytes,
                label: choice.label,
                identity: &names(choice.label),
                file_name: &file_name,
            })?;
            if done % 64 == 0 || done == total {
                ctx.progress(done, total, "images")?;
            }
        }
        writer.finish()?;
        beside(aside)?;
        card.write(aside)
    })
}

#[cfg(test)]
mod tests;
