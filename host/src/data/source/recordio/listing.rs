//! A list beside a `.rec`: `.lst` of im2rec (`key\tlabel\tpath`), `train.tsv` of CVLface (`key\tpath\tlabel`), `list.txt` of DCFace (`path label`, or
//! paths alone, whose folders are the identities).

use std::collections::BTreeMap;

use ficta_core::{Error, Result};

use super::index::Index;
use crate::{
    data::{
        natural_order,
        source::{
            folder::is_image,
            lines::{Line, Lines},
            offsets::Offsets,
        },
    },
    storage::mapped::Mapped,
};

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The record's key, where the line has one.
    pub key: Option<u64>,
    /// The label, where the line has one.
    pub label: Option<i64>,
    /// The image's path.
    pub path: &'a str,
}

impl<'a> Item<'a> {
    /// Name of the folder that the image lies in.
    fn folder(&self) -> Option<&'a str> {
        let (folder, _) = self.path.rsplit_once(['/', '\\'])?;
        folder.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())
    }

    fn file(&self) -> &'a str {
        self.path.rsplit(['/', '\\']).next().unwrap_or(self.path)
    }
}

/// Whole numbers, also in the form 3.000000.
fn number(field: &str) -> Option<i64> {
    field.parse().ok().or_else(|| {
        let value: f64 = field.parse().ok()?;
        (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
    })
}

/// Parses a line of any of the three kinds: the path is the field that is no number.
///
/// # Errors
/// No path, several, or numbers that cannot be a key and a label; in words.
pub fn parse<'a>(fields: &[&'a [u8]]) -> Result<Item<'a>, String> {
    let texts: Vec<&str> = fields
        .iter()
        .map(|f| std::str::from_utf8(f).map(str::trim))
        .collect::<Result<_, _>>()
        .map_err(|_| "it is not UTF-8".to_owned())?;
    // A path may look like a number (folders of numbers do not: they have a slash or an ending).
    let is_path = |text: &&str| text.contains(['/', '\\']) || is_image(text.as_ref()) || number(text).is_none();
    let at = match texts.iter().position(is_path) {
        Some(at) if texts.iter().skip(at + 1).any(is_path) => return Err("it has several paths".into()),
        Some(at) => at,
        None => return Err("it has no path".into()),
    };
    let path = texts[at];
    if path.is_empty() {
        return Err("its path is empty".into());
    }
    let before: Vec<i64> = texts[..at].iter().filter_map(|t| number(t)).collect();
    let after: Vec<i64> = texts[at + 1..].iter().filter_map(|t| number(t)).collect();
    let (key, label) = match (&before[..], &after[..]) {
        ([], []) => (None, None),
        ([], [label, ..]) => (None, Some(*label)),
        ([label], []) => (None, Some(*label)),
        ([key], [label, ..]) | ([key, label, ..], []) => (Some(*key), Some(*label)),
        _ => return Err("it has numbers on both sides of the path".into()),
    };
    let key = match key {
        Some(key) => Some(u64::try_from(key).map_err(|_| format!("its key is {key}"))?),
        None => None,
    };
    if label.is_some_and(|label| label < 0) {
        return Err(format!(
            "its label is {}, expected 0 or above",
            label.unwrap_or_default()
        ));
    }
    Ok(Item { key, label, path })
}

/// A list, mapped; five bytes an image are held.
#[derive(Debug)]
pub(super) struct Listing {
    file: Mapped,
    /// By image: where its line begins.
    lines: Offsets,
    names: BTreeMap<i64, String>,
    /// Where paths alone are listed: the label of a folder.
    by_folder: BTreeMap<String, i64>,
    /// Whether a folder stands for one label and a label for one folder.
    folders_are_identities: bool,
}

impl Listing {
    /// Reads a list whose lines belong to the records of `index`: by key where lines have keys, else in order.
    ///
    /// # Errors
    /// A line that cannot be understood, with its place; images without a line; lines without an image.
    pub(super) fn read(file: Mapped, index: &Index) -> Result<Self> {
        let mut places: Vec<u64> = vec![u64::MAX; index.len()];
        let mut labels: BTreeMap<i64, String> = BTreeMap::new();
        let mut folders: BTreeMap<String, i64> = BTreeMap::new();
        let (mut lines, mut consistent, mut labelled, mut unlabelled) = (0, true, false, None);
        for line in Lines::of(file.bytes()).filter(|line| !line.text.is_empty()) {
            let wrong = |why: String| {
                let what = format!("line {}: {why}: {}", line.number, line.shown());
                file.error(line.offset, what)
                    .help("expected `key<tab>label<tab>path`, `key<tab>path<tab>label`, `path label` or `path`")
            };
            let item = parse(&line.fields()).map_err(wrong)?;
            let at = match item.key {
                None => Some(lines).filter(|at| *at < places.len()),
                // Most lists are in the order of the index.
                Some(key) if lines < places.len() && index.key(lines) == key => Some(lines),
                Some(key) => index.find(key),
            };
            lines += 1;
            // InsightFace's lists count from 0 where records count from 1, or have lines for records that were left out.
            let Some(at) = at else { continue };
            places[at] = line.offset;
            match item.label {
                Some(_) => labelled = true,
                None if unlabelled.is_none() => {
                    unlabelled = Some(wrong("it has no label, but other lines have one".into()))
                }
                None => {}
            }
            match (item.label, item.folder()) {
                (Some(label), Some(folder)) if consistent => {
                    let known = labels.entry(label).or_insert_with(|| folder.to_owned());
                    let back = folders.entry(folder.to_owned()).or_insert(label);
                    consistent = known == folder && *back == label;
                }
                (None, Some(folder)) if !folders.contains_key(folder) => {
                    folders.insert(folder.to_owned(), 0);
                }
                (None, None) => return Err(wrong("it has neither a label nor a folder".into())),
                _ => {}
            }
        }
        if let (true, Some(error)) = (labelled, unlabelled) {
            return Err(error);
        }
        let missing = places.iter().filter(|place| **place == u64::MAX).count();
        if missing > 0 {
            return Err(Error::data(format!(
                "{}: {lines} lines for {} images: {missing} images have no line",
                file.path().display(),
                places.len()
            )));
        }
        let mut offsets = Offsets::default();
        places.into_iter().try_for_each(|place| offsets.push(place))?;
        offsets.shrink();
        let mut by_folder = BTreeMap::new();
        if labels.is_empty() {
            let mut sorted: Vec<String> = folders.into_keys().collect();
            sorted.sort_by(|a, b| natural_order::compare(a, b));
            by_folder = sorted.into_iter().zip(0..).collect();
            labels = by_folder.iter().map(|(name, label)| (*label, name.clone())).collect();
        }
        Ok(Self {
            file,
            lines: offsets,
            names: labels,
            by_folder,
            folders_are_identities: consistent,
        })
    }

    fn line(&self, index: usize) -> Option<Line<'_>> {
        Lines::at(self.file.bytes(), self.lines.get(index) as usize)
    }

    /// The label of an image.
    pub(super) fn label(&self, index: usize) -> Option<i64> {
        let item = parse(&self.line(index)?.fields()).ok()?;
        item.label.or_else(|| self.by_folder.get(item.folder()?).copied())
    }

    /// The file name of an image.
    pub(super) fn file_name(&self, index: usize) -> Option<String> {
        Some(parse(&self.line(index)?.fields()).ok()?.file().to_owned())
    }

    /// The name of an identity, where folders are named for identities.
    pub(super) fn identity_name(&self, label: i64) -> Option<String> {
        self.names.get(&label).filter(|_| self.folders_are_identities).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Result<Item<'_>, String> {
        let line = Lines::of(text.as_bytes()).next().unwrap();
        parse(&line.fields())
    }

    #[test]
    fn the_three_kinds_are_told_apart() {
        let expect = |key, label, path| Ok(Item { key, label, path });
        assert_eq!(item("5\t3.000000\ts1/a b.jpg"), expect(Some(5), Some(3), "s1/a b.jpg"));
        assert_eq!(item("5\ts1/a.jpg\t3"), expect(Some(5), Some(3), "s1/a.jpg"));
        assert_eq!(item("s1/a.jpg 3"), expect(None, Some(3), "s1/a.jpg"));
        assert_eq!(item("0000001/7.jpg"), expect(None, None, "0000001/7.jpg"));
        assert_eq!(item("7 12.jpg"), expect(None, Some(7), "12.jpg"));
        assert_eq!(item("12/34.jpg").unwrap().folder(), Some("12"));
    }

    #[test]
    fn lines_that_cannot_be_meant_are_refused() {
        assert_eq!(item("1\t2"), Err("it has no path".into()));
        assert_eq!(item("a.jpg b.jpg"), Err("it has several paths".into()));
        assert_eq!(
            item("1\t2\ta.jpg\t3"),
            Err("it has numbers on both sides of the path".into())
        );
        assert_eq!(item("-1\t2\ta.jpg"), Err("its key is -1".into()));
        assert_eq!(item("1\t-2\ta.jpg"), Err("its label is -2, expected 0 or above".into()));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_lines_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            for line in Lines::of(&bytes) {
                let _ = parse(&line.fields());
            }
        }
    }
}
