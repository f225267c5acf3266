//! RecordIO: `.rec` with `.idx`, in InsightFace's and im2rec's styles, with the lists that come along.

pub mod chunk;
mod index;
pub mod listing;
pub mod payload;
pub mod property;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use self::{index::Index, listing::Listing, payload::Payload, property::Property};
use super::{Format, ImageSource, limits};
use crate::storage::mapped::Mapped;

/// How the records of a file are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Record 0 says where images end and identities begin; identity records follow the images.
    InsightFace,
    /// Images alone.
    Im2rec,
}

/// How many images are looked at to see whether labels stand in the records.
const LABELS_LOOKED_AT: usize = 4096;

/// A `.rec` file. Held in memory: five bytes an image, ten where keys are not in order, five more where a list stands beside it.
#[derive(Debug)]
pub struct RecordIoSource {
    rec: Mapped,
    images: Index,
    style: Style,
    property: Option<Property>,
    listing: Option<Listing>,
    /// Whether labels are those of the list, the records having none.
    labels_from_list: bool,
    damage: Vec<String>,
    notes: Vec<String>,
}

impl RecordIoSource {
    /// Opens a `.rec`, or the one in a folder (`train.rec` where there are several).
    ///
    /// # Errors
    /// No such file; a damaged index; a damaged list where it alone has the labels.
    pub fn open(path: &Path) -> Result<Self> {
        let path = file(path)?;
        let rec = Mapped::open(&path)?;
        let (mut notes, mut damage) = (Vec::new(), Vec::new());
        let index_path = path.with_extension("idx");
        let all = match index_path.exists() {
            true => Index::read(&Mapped::open(&index_path)?)?,
            false => {
                let (found, fault) = Index::scan(&rec)?;
                notes.push(format!(
                    "there is no {}: {} records were found by reading the .rec",
                    index_path.display(),
                    found.len()
                ));
                if let Some(fault) = fault {
                    if found.len() == 0 {
                        return Err(rec.error(fault.offset, fault.reason));
                    }
                    damage.push(rec.error(fault.offset, fault.reason).message().to_owned());
                }
                found
            }
        };
        let (style, images) = arrangement(&rec, all, &mut notes)?;
        if images.len() == 0 {
            return Err(Error::data(format!("{} holds no images", path.display())));
        }
        let mut source = Self {
            rec,
            images,
            style,
            property: None,
            listing: None,
            labels_from_list: false,
            damage,
            notes,
        };
        source.read_property(&path)?;
        source.read_list(&path)?;
        Ok(source)
    }

    fn read_property(&mut self, rec: &Path) -> Result<()> {
        let path = rec.with_file_name("property");
        if path.is_file() {
            let file = Mapped::open(&path)?;
            match property::parse(file.bytes()) {
                Ok(property) => self.property = Some(property),
                Err(why) => self.notes.push(format!("{}: {why}", path.display())),
            }
        }
        Ok(())
    }

    /// Takes names, and labels where the records have none, from the first list that is there.
    fn read_list(&mut self, rec: &Path) -> Result<()> {
        let step = (self.len() / LABELS_LOOKED_AT).max(1);
        let unlabelled = self.len() > 1 && (0..self.len()).step_by(step).all(|i| self.stored_label(i) == Some(0));
        let beside = [
            rec.with_extension("tsv"),
            rec.with_file_name("list.txt"),
            rec.with_extension("lst"),
        ];
        let Some(path) = beside.into_iter().find(|path| path.is_file()) else {
            if unlabelled {
                self.notes.push(
                    "every image that was looked at has label 0: as in DCFace's release, where identities stand in a list alone; put its list.txt beside the .rec"
                        .into(),
                );
            }
            return Ok(());
        };
        match Listing::read(Mapped::open(&path)?, &self.images) {
            Ok(listing) => {
                self.labels_from_list = unlabelled;
                if unlabelled {
                    self.notes.push(format!(
                        "every record has label 0: labels are those of {}",
                        path.display()
                    ));
                }
                self.listing = Some(listing);
            }
            Err(error) if unlabelled => return Err(error),
            Err(error) => self
                .notes
                .push(format!("a list that was not used: {}", error.message())),
        }
        Ok(())
    }

    /// What `property` says.
    pub fn property(&self) -> Option<Property> {
        self.property
    }

    /// Bytes held for the index.
    pub fn index_memory(&self) -> usize {
        self.images.memory()
    }

    /// The label in the record, if it can be read.
    fn stored_label(&self, index: usize) -> Option<i64> {
        let record = chunk::read(self.rec.bytes(), self.at(index)).ok()?;
        payload::whole(payload::parse(&record.data).ok()?.label)
    }

    fn at(&self, index: usize) -> usize {
        usize::try_from(self.images.offset(index)).unwrap_or(usize::MAX)
    }
}

impl ImageSource for RecordIoSource {
    fn format(&self) -> Format {
        Format::RecordIo
    }

    fn len(&self) -> usize {
        self.images.len()
    }

    fn label(&self, index: usize) -> i64 {
        let label = match &self.listing {
            Some(listing) if self.labels_from_list => listing.label(index),
            _ => self.stored_label(index),
        };
        label.unwrap_or(-1)
    }

    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let offset = self.images.offset(index);
        let key = self.images.key(index);
        let wrong = |offset: u64, why: &str| self.rec.error(offset, format!("record {key}: {why}"));
        let record = chunk::read(self.rec.bytes(), self.at(index)).map_err(|f| wrong(f.offset, &f.reason))?;
        let Payload {
            label, body_at, body, ..
        } = payload::parse(&record.data).map_err(|why| wrong(offset, &why))?;
        if payload::whole(label).is_none() {
            return Err(wrong(offset, &format!("its label is {label}, expected 0 or above")));
        }
        limits::check_encoded(body.len() as u64, &self.name(index))?;
        Ok(match record.data {
            Cow::Borrowed(data) => Cow::Borrowed(&data[body_at..]),
            Cow::Owned(mut data) => {
                data.drain(..body_at);
                Cow::Owned(data)
            }
        })
    }

    fn name(&self, index: usize) -> String {
        format!("{}, record {}", self.rec.path().display(), self.images.key(index))
    }

    fn file_name(&self, index: usize) -> Option<String> {
        self.listing.as_ref()?.file_name(index)
    }

    fn identity_name(&self, label: i64) -> Option<String> {
        self.listing.as_ref()?.identity_name(label)
    }

    fn damage(&self) -> Vec<String> {
        self.damage.clone()
    }

    fn notes(&self) -> Vec<String> {
        let style = match self.style {
            Style::InsightFace => "InsightFace's style: record 0 says where the images end",
            Style::Im2rec => "im2rec's style: images alone",
        };
        let mut notes = vec![style.to_owned()];
        if let Some(Property { classes, height, width }) = self.property {
            notes.push(format!("property: {classes} identities, {width}x{height}"));
        }
        notes.extend(self.notes.iter().cloned());
        notes
    }
}

/// The `.rec` that a path means.
fn file(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let usual = path.join("train.rec");
    if usual.is_file() {
        return Ok(usual);
    }
    let found = super::open::with_ending(path, "rec")?;
    match &found[..] {
        [one] => Ok(one.clone()),
        all => Err(Error::data(format!(
            "{} holds {} .rec files, expected one",
            path.display(),
            all.len()
        ))
        .help("name the file instead of the folder")),
    }
}

/// Tells the two styles apart and leaves the images alone.
fn arrangement(rec: &Mapped, all: Index, notes: &mut Vec<String>) -> Result<(Style, Index)> {
    let payload_of = |at: usize| {
        let record = chunk::read(rec.bytes(), usize::try_from(all.offset(at)).ok()?).ok()?;
        let parsed = payload::parse(&record.data).ok()?;
        Some((parsed.flag, parsed.label, parsed.second, parsed.body.is_empty()))
    };
    let zero = all.find(0);
    let first = zero.and_then(payload_of);
    let Some((flag @ 1.., label, second, true)) = first else {
        return Ok((Style::Im2rec, all));
    };
    let Some(mut end) = payload::whole(label).map(|n| n as u64).filter(|n| *n > 0) else {
        let what = format!(
            "record 0: it has {flag} labels, of which the first, {label}, cannot be the key of the first identity"
        );
        return Err(rec.error(zero.map_or(0, |at| all.offset(at)), what));
    };
    // f32 holds whole numbers up to 2^24: beyond, the records themselves show where the images end.
    if end > 1 << 24 {
        let is_image = |key: u64| {
            all.find(key)
                .and_then(payload_of)
                .is_some_and(|(flag, .., empty)| flag == 0 && !empty)
        };
        while is_image(end) {
            end += 1;
        }
        while end > 1 && !is_image(end - 1) && all.find(end - 1).is_some() {
            end -= 1;
        }
    }
    let images = all.between(1, end)?;
    let expected = end - 1;
    if images.len() as u64 != expected {
        notes.push(format!(
            "record 0 speaks of {expected} images, the index has {}",
            images.len()
        ));
    }
    if let Some(last) = second.and_then(payload::whole) {
        notes.push(format!(
            "record 0 speaks of {} identities",
            (last as u64).saturating_sub(end)
        ));
    }
    Ok((Style::InsightFace, images))
}
