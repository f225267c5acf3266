//! Columns of Parquet files that may be damaged.

use bytes::Bytes;
use parquet::{
    column::{
        page::{Page, PageMetadata, PageReader},
        reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader},
    },
    data_type::DataType,
    errors::{ParquetError, Result},
    file::reader::RowGroupReader,
};

/// The column `at` of a group.
///
/// # Errors
/// A damaged file.
pub fn column<T: DataType>(group: &dyn RowGroupReader, at: usize) -> Result<ColumnReaderImpl<T>> {
    let description = group.metadata().column(at).column_descr_ptr();
    let pages = Box::new(Checked(group.get_column_page_reader(at)?));
    Ok(get_typed_column_reader(get_column_reader(description, pages)))
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
        file::reader::{FileReader, SerializedFileReader},
    };

    use super::*;

    /// Found by libFuzzer: a dictionary that says it has hundreds of millions of values.
    const LARGE: &[u8] = include_bytes!("../../../tests/fuzz/corpus/parquet/large_dictionary.parquet");

    #[test]
    fn a_dictionary_that_lies_is_refused() {
        fn read<T: DataType>(group: &dyn RowGroupReader, at: usize) -> Result<()> {
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            column::<T>(group, at)?
                .read_records(100, Some(&mut levels), None, &mut values)
                .map(drop)
        }
        let reader = SerializedFileReader::new(Bytes::from_static(LARGE)).unwrap();
        let mut refused = Vec::new();
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group).unwrap();
            for at in 0..group.num_columns() {
                let read = match group.metadata().column(at).column_type() {
                    Type::BYTE_ARRAY => read::<ByteArrayType>(&*group, at),
                    _ => read::<Int64Type>(&*group, at),
                };
                refused.extend(read.err().map(|e| e.to_string()));
            }
        }
        assert!(
            refused.iter().any(|why| why.contains("a dictionary of ")),
            "{refused:?}"
        );
    }
}
