//! Parquet files that others wrote and that may be damaged, through the `parquet` crate without Arrow.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use ficta_core::{Error, ErrorKind};
use parquet::{
    column::{
        page::{Page, PageMetadata, PageReader},
        reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader},
    },
    data_type::DataType,
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::{FileReader, SerializedFileReader},
    },
};

use super::{mapped::Mapped, parquet_footer, parquet_pages};

/// A Parquet file.
pub(crate) struct ParquetReader {
    path: PathBuf,
    bytes: Bytes,
    reader: SerializedFileReader<Bytes>,
}

impl ParquetReader {
    /// Maps a file and reads its footer.
    ///
    /// # Errors
    /// [`ErrorKind::IO`] with the path; [`ErrorKind::DATA`] for a file that is no Parquet.
    pub(crate) fn open(path: &Path) -> ficta_core::Result<Self> {
        let bytes = Bytes::from_owner(Mapped::open(path)?);
        Ok(Self {
            path: path.to_owned(),
            reader: sound(path, || {
                parquet_footer::check(&bytes)?;
                SerializedFileReader::new(bytes.clone())
            })?,
            bytes,
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the footer says.
    pub(crate) fn metadata(&self) -> &ParquetMetaData {
        self.reader.metadata()
    }

    /// What the footer says of the row groups.
    pub(crate) fn groups(&self) -> &[RowGroupMetaData] {
        self.metadata().row_groups()
    }

    /// The column `at` of a row group.
    ///
    /// # Errors
    /// A damaged file.
    pub(crate) fn column<T: DataType>(&self, group: usize, at: usize) -> Result<ColumnReaderImpl<T>> {
        let about = self.groups()[group].column(at);
        parquet_pages::check(&self.bytes, about)?;
        let pages = Box::new(Checked(self.reader.get_row_group(group)?.get_column_page_reader(at)?));
        Ok(get_typed_column_reader(get_column_reader(
            about.column_descr_ptr(),
            pages,
        )))
    }

    /// Does what reads the file. What the `parquet` crate does with a damaged one is an error in most cases and a panic in some: here both are errors.
    ///
    /// # Errors
    /// [`ErrorKind::DATA`] with the path.
    pub(crate) fn sound<T>(&self, work: impl FnOnce() -> Result<T>) -> ficta_core::Result<T> {
        sound(&self.path, work)
    }
}

fn sound<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> ficta_core::Result<T> {
    let damaged = || ParquetError::General("the reader gave up on it".into());
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(damaged()));
    done.map_err(|e| {
        Error::wrap(ErrorKind::DATA, format!("{} is not sound Parquet", path.display()), &e).help(
            "uncompressed, Snappy and Zstandard columns are read; others: write the file again, in Python with `df.to_parquet(path, compression=\"zstd\")`",
        )
    })
}

/// Pages whose dictionary holds as many values as it says. The `parquet` crate makes room for that many before it reads them: a file of 4 KB had it ask for
/// gigabytes.
struct Checked(Box<dyn PageReader>);

fn checked(page: Option<Page>) -> Result<Option<Page>> {
    if let Some(Page::DictionaryPage { buf, num_values, .. }) = &page {
        check_dictionary(buf, *num_values)?;
    }
    Ok(page)
}

/// No value takes less than a byte.
fn check_dictionary(content: &Bytes, values: u32) -> Result<()> {
    if values as usize > content.len() {
        return Err(ParquetError::General(format!(
            "a dictionary of {values} values in {} bytes",
            content.len()
        )));
    }
    Ok(())
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        checked(self.0.get_next_page()?)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.0.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        checked(self.0.take_deferred_dictionary()?)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.0.at_record_boundary()
    }
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use parquet::{
        basic::Type,
        data_type::{ByteArrayType, Int64Type},
    };

    use super::*;

    /// Found by libFuzzer: headers that lie; the reader asked for gigabytes.
    const LARGE: &[u8] = include_bytes!("../../../tests/fuzz/corpus/parquet/large_dictionary.parquet");

    #[test]
    fn a_dictionary_that_lies_is_refused() {
        let content = Bytes::from_static(b"1234");
        check_dictionary(&content, 4).unwrap();
        let refused = check_dictionary(&content, 5).unwrap_err().to_string();
        assert!(refused.contains("a dictionary of 5 values in 4 bytes"), "{refused}");
    }

    #[test]
    fn columns_whose_headers_lie_are_refused() {
        fn read<T: DataType>(file: &ParquetReader, group: usize, at: usize) -> Result<()> {
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            file.column::<T>(group, at)?
                .read_records(100, Some(&mut levels), None, &mut values)
                .map(drop)
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, LARGE).unwrap();
        let file = ParquetReader::open(&path).unwrap();
        let mut refused = Vec::new();
        for (group, about) in file.groups().iter().enumerate() {
            for (at, column) in about.columns().iter().enumerate() {
                let read = || match column.column_type() {
                    Type::BYTE_ARRAY => read::<ByteArrayType>(&file, group, at),
                    _ => read::<Int64Type>(&file, group, at),
                };
                refused.extend(file.sound(read).err().map(|e| e.to_string()));
            }
        }
        assert_eq!(refused.len(), 8, "one of nine columns is sound: {refused:?}");
        assert!(refused.iter().all(|why| why.contains("a.parquet is not sound Parquet")));
    }
}
