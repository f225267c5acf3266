//! Parquet files that others wrote and that may be damaged, through the `parquet` crate without Arrow.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use ficta_core::{Error, ErrorKind};
use parquet::{
    column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader},
    data_type::DataType,
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::{FileReader, SerializedFileReader},
    },
};

use super::{mapped::Mapped, parquet_footer, parquet_pages::Pages};

/// Values of a column that a file of any size may have: 16 million.
const FEW_VALUES: u64 = 1 << 24;
/// And for each byte of it. Those of features or images take more than a byte.
pub(super) const MOST_PER_BYTE: u64 = 64;

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
                let reader = SerializedFileReader::new(bytes.clone())?;
                let groups = reader.metadata().row_groups();
                for at in 0..reader.metadata().file_metadata().schema_descr().num_columns() {
                    check_values(groups.iter().map(|group| group.column(at).num_values()), bytes.len())?;
                }
                check_values(groups.iter().map(RowGroupMetaData::num_rows), bytes.len())?;
                Ok(reader)
            })?,
            bytes,
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes the file has.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
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
        let pages = self.reader.get_row_group(group)?.get_column_page_reader(at)?;
        let pages = Pages::new(pages, self.bytes.clone(), about)?;
        let reader = get_column_reader(about.column_descr_ptr(), Box::new(pages));
        Ok(get_typed_column_reader(reader))
    }

    /// Does what reads the file. What the `parquet` crate does with a damaged one is an error in most cases and a panic in some: here both are errors.
    ///
    /// # Errors
    /// [`ErrorKind::DATA`] with the path.
    pub(crate) fn sound<T>(&self, work: impl FnOnce() -> Result<T>) -> ficta_core::Result<T> {
        sound(&self.path, work)
    }
}

/// Checks the numbers of values that a column has in each row group. A run of the same value takes a few bytes, however long it says it is.
fn check_values(mut values: impl Iterator<Item = i64>, file: usize) -> Result<()> {
    let most = FEW_VALUES.saturating_add((file as u64).saturating_mul(MOST_PER_BYTE));
    let sum = values.try_fold(0u64, |sum, count| sum.checked_add(u64::try_from(count).ok()?));
    match sum {
        Some(sum) if sum <= most => Ok(()),
        Some(sum) => Err(ParquetError::General(format!(
            "{sum} values in a file of {file} bytes, expected at most {most}"
        ))),
        None => Err(ParquetError::General("a number of values that is none".into())),
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
        for why in refused {
            assert!(why.contains("a.parquet is not sound Parquet"), "{why}");
            assert!(why.contains("a page header: "), "{why}");
        }
    }

    #[test]
    fn more_values_than_fit_are_refused() {
        let check = |values: [i64; 2]| check_values(values.into_iter(), 1000);
        check([3, 4]).unwrap();
        let refused = check([1 << 24, 1 << 24]).unwrap_err().to_string();
        assert!(
            refused.contains("33554432 values in a file of 1000 bytes, expected at most 16841216"),
            "{refused}"
        );
        assert!(check([i64::MAX, i64::MAX]).is_err());
        assert!(check([-1, 0]).is_err());
    }
}
