//! Parquet with a column of encoded images, as Hugging Face's `datasets` writes it: `image` (`bytes`, `path`) and `label`.

mod columns;
mod read;

use std::{
    borrow::Cow,
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ficta_core::{Error, Result};
use parquet::{basic::Type as Physical, data_type::ByteArrayType};

use self::{
    columns::Columns,
    read::{Column, STEP},
};
use super::{
    Format, ImageSource,
    labels::{LabelBuilder, Labels},
    limits,
    open::with_ending,
};
use crate::storage::parquet_reader::ParquetReader;

/// Blocks of images that are kept.
const KEPT: usize = 4;
/// About how large a block may be, in bytes.
const BLOCK_BYTES: usize = 32 << 20;
/// Most images of a block.
const BLOCK_ROWS: usize = 1024;
/// Longest name of an identity in bytes: those of folders are no longer.
const LONGEST_NAME: usize = 255;

struct File {
    reader: ParquetReader,
    columns: Columns,
}

/// A row group: where its rows stand in the set.
struct Group {
    file: usize,
    group: usize,
    start: usize,
    rows: usize,
}

/// Consecutive images that were read together.
struct Block {
    start: usize,
    images: Vec<Option<Vec<u8>>>,
}

/// Parquet files. Held in memory: four bytes an image, the files' footers, and the last blocks of images that were read (some 32 MiB each).
///
/// Columns are compressed page by page, so that images are best read in order; each one read out of order costs its page.
pub struct ParquetSource {
    files: Vec<File>,
    groups: Vec<Group>,
    labels: Labels,
    blocks: Mutex<VecDeque<Block>>,
}

/// The files that a path means: one, those in a folder, or those in its `data`.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = with_ending(path, "parquet")?;
    if found.is_empty() && path.join("data").is_dir() {
        found = with_ending(&path.join("data"), "parquet")?;
    }
    if found.is_empty() {
        return Err(Error::data(format!("no .parquet files in {}", path.display())));
    }
    Ok(found)
}

impl ParquetSource {
    /// Whether a folder holds such files.
    pub(super) fn is_at(folder: &Path) -> bool {
        files(folder).is_ok()
    }

    /// Opens a file, or the files of a folder in natural order. Footers and labels are read.
    ///
    /// # Errors
    /// No Parquet; no columns of images and labels; rows without a label.
    pub fn open(path: &Path) -> Result<Self> {
        let mut source = Self {
            files: Vec::new(),
            groups: Vec::new(),
            labels: Labels::default(),
            blocks: Mutex::default(),
        };
        let (mut labels, mut names, mut rows) = (LabelBuilder::default(), Vec::new(), 0);
        for path in files(path)? {
            let reader = ParquetReader::open(&path)?;
            let about = reader.metadata().file_metadata();
            let columns =
                columns::find(about.schema_descr()).map_err(|why| Error::data(format!("{}: {why}", path.display())))?;
            if names.is_empty() {
                let pairs = about.key_value_metadata().into_iter().flatten();
                names = pairs
                    .filter(|p| p.key == "huggingface")
                    .find_map(|p| class_names(p.value.as_deref()?))
                    .unwrap_or_default();
            }
            for (group, about) in reader.groups().iter().enumerate() {
                let count = usize::try_from(about.num_rows()).unwrap_or(0);
                read_labels(&reader, columns, group, count, rows, &mut labels)?;
                source.groups.push(Group {
                    file: source.files.len(),
                    group,
                    start: rows,
                    rows: count,
                });
                rows += count;
            }
            source.files.push(File { reader, columns });
        }
        if rows == 0 {
            return Err(Error::data(format!("{} holds no rows", path.display())));
        }
        source.labels = labels.finish();
        if source.labels.named() == 0 {
            source.labels.set_names((0..).zip(names));
        }
        Ok(source)
    }

    fn group(&self, index: usize) -> &Group {
        &self.groups[self.groups.partition_point(|group| group.start <= index) - 1]
    }

    /// Reads the images from `index` on: many where they are read in order, else a few.
    fn read_block(&self, index: usize, in_order: bool) -> Result<Block> {
        let group = self.group(index);
        let File { reader, columns } = &self.files[group.file];
        let from = if in_order {
            index - group.start
        } else {
            (index - group.start) / STEP * STEP
        };
        let most = if in_order { BLOCK_ROWS } else { STEP };
        reader.sound(|| {
            let mut column = Column::<ByteArrayType>::open(reader, group.group, columns.image)?;
            column.skip(from)?;
            let (mut images, mut size) = (Vec::new(), 0);
            let mut left = (group.rows - from).min(most);
            while left > 0 && size < BLOCK_BYTES {
                // One by one and copied: an image of the crate keeps all of its page.
                let read = column
                    .next(1)?
                    .into_iter()
                    .map(|image| image.map(|image| image.data().to_vec()));
                left -= 1;
                images.extend(read.inspect(|image| size += image.as_ref().map_or(0, Vec::len)));
            }
            Ok(Block {
                start: group.start + from,
                images,
            })
        })
    }

    fn row_name(&self, index: usize) -> String {
        let group = self.group(index);
        let first = self.groups.iter().find(|g| g.file == group.file).map_or(0, |g| g.start);
        format!(
            "{}, row {}",
            self.files[group.file].reader.path().display(),
            index - first
        )
    }
}

fn read_labels(
    reader: &ParquetReader,
    columns: Columns,
    group: usize,
    rows: usize,
    first: usize,
    labels: &mut LabelBuilder,
) -> Result<()> {
    let mut row = first;
    let missing = |row: &mut usize, why: &str| {
        let error = Error::data(format!("{}, image {row}: {why}", reader.path().display()));
        *row += 1;
        error
    };
    reader.sound(|| {
        let kind = reader.groups()[group]
            .column(columns.label)
            .column_descr()
            .physical_type();
        if kind == Physical::BYTE_ARRAY {
            return read::texts(reader, group, columns.label, rows, |text| {
                match text.as_ref().map(|t| std::str::from_utf8(t.data())) {
                    Some(Ok(name)) if name.len() > LONGEST_NAME => {
                        let length = name.len();
                        let why = format!("its label is {length} bytes long, expected at most {LONGEST_NAME}");
                        return Err(missing(&mut row, &why));
                    }
                    Some(Ok(name)) => labels.name(name)?,
                    Some(Err(_)) => return Err(missing(&mut row, "its label is not UTF-8")),
                    None => return Err(missing(&mut row, "it has no label")),
                }
                row += 1;
                Ok(())
            });
        }
        read::integers(reader, group, columns.label, rows, kind == Physical::INT64, |label| {
            match label {
                Some(label) if label >= 0 => labels.number(label)?,
                Some(label) => return Err(missing(&mut row, &format!("its label is {label}, expected 0 or above"))),
                None => return Err(missing(&mut row, "it has no label")),
            }
            row += 1;
            Ok(())
        })
    })?
}

/// The names of a `ClassLabel` in what `datasets` writes about a file.
fn class_names(about: &str) -> Option<Vec<String>> {
    let about: serde_json::Value = serde_json::from_str(about).ok()?;
    let features = about.get("info")?.get("features")?.as_object()?;
    let names = features.values().find_map(|feature| feature.get("names")?.as_array())?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

impl ImageSource for ParquetSource {
    fn format(&self) -> Format {
        Format::Parquet
    }

    fn len(&self) -> usize {
        self.labels.len()
    }

    fn label(&self, index: usize) -> i64 {
        self.labels.get(index)
    }

    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |block: &Block, index: usize| (block.start..block.start + block.images.len()).contains(&index);
        let place = match blocks.iter().position(|block| holds(block, index)) {
            Some(place) => place,
            None => {
                let in_order = index == 0 || blocks.iter().any(|block| holds(block, index - 1));
                let block = self.read_block(index, in_order)?;
                blocks.truncate(KEPT - 1);
                blocks.push_front(block);
                0
            }
        };
        let image = &blocks[place].images[index - blocks[place].start];
        let Some(image) = image else {
            return Err(Error::data(format!("{} has no image", self.row_name(index))));
        };
        limits::check_encoded(image.len() as u64, &self.row_name(index))?;
        Ok(Cow::Owned(image.clone()))
    }

    fn name(&self, index: usize) -> String {
        self.row_name(index)
    }

    fn file_name(&self, index: usize) -> Option<String> {
        let group = self.group(index);
        let File { reader, columns } = &self.files[group.file];
        let at = columns.path?;
        let value = reader.sound(|| {
            let mut column = Column::<ByteArrayType>::open(reader, group.group, at)?;
            column.skip(index - group.start)?;
            column.next(1)
        });
        let text = value.ok()?.pop()??.as_utf8().ok()?.to_owned();
        text.rsplit(['/', '\\']).next().map(str::to_owned)
    }

    fn identity_name(&self, label: i64) -> Option<String> {
        self.labels.name(label)
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("{} files, {} row groups", self.files.len(), self.groups.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHONS: &[u8] = include_bytes!("../../../../tests/fixtures/sets/parquet/train-00000-of-00001.parquet");

    /// Reads all that can be read of a file with this content.
    fn read(bytes: &[u8]) -> Result<usize> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, bytes).unwrap();
        let source = ParquetSource::open(&path)?;
        for index in 0..source.len() {
            let _ = (source.bytes(index), source.file_name(index), source.name(index));
        }
        Ok(source.len())
    }

    #[test]
    fn damaged_files_are_named() {
        assert_eq!(read(PYTHONS).unwrap(), 5);
        for content in [&PYTHONS[..PYTHONS.len() - 20], b"", b"PAR1", &PYTHONS[100..]] {
            let message = read(content).unwrap_err().to_string();
            assert!(message.contains("a.parquet is not sound Parquet"), "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn mutated_files_never_panic(at in 0usize..PYTHONS.len(), byte: u8, cut in 0usize..PYTHONS.len()) {
            let mut bytes = PYTHONS.to_vec();
            bytes[at] = byte;
            let _ = read(&bytes);
            let _ = read(&PYTHONS[..cut]);
        }
    }
}
