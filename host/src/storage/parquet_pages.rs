//! The pages of a Parquet column, each looked at before the `parquet` crate takes it.
//!
//! The crate makes room for as many bytes and values as a header says, before it looks at the page, and does not show the header to its callers.

use bytes::Bytes;
use parquet::{
    basic::Type,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{metadata::ColumnChunkMetaData, reader::ChunkReader},
    schema::types::{ColumnDescPtr, ColumnDescriptor},
};

use super::{
    parquet_header::{Header, Kind},
    parquet_lengths,
    thrift_structure::why,
};

/// Most bytes that a page may hold: 256 MiB. Writers make pages of about 1 MiB; one that holds a single value is as large as that.
const MOST: u64 = 256 << 20;
/// Most of a dictionary, of which each value takes up to eight times its size when it is read: 64 MiB.
const MOST_OF_DICTIONARY: u64 = 64 << 20;
/// Beyond that, how many times its size in the file a page may hold. Images and features hardly compress.
const MOST_TIMES: u64 = 16;

/// The pages of a column of a row group.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    file: Bytes,
    column: ColumnDescPtr,
    /// Where the next page begins.
    at: u64,
    end: u64,
    /// Values of the column, and of the pages that were looked at.
    values: u64,
    seen: u64,
    /// Where the page after the next begins, once that was looked at.
    after: Option<u64>,
}

impl Pages {
    /// # Errors
    /// A column outside of its file.
    pub(super) fn new(pages: Box<dyn PageReader>, file: Bytes, column: &ColumnChunkMetaData) -> Result<Self> {
        let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let number = |number: i64| u64::try_from(number).map_err(|_| general("a column of less than nothing".into()));
        let (at, values) = (number(start)?, number(column.num_values())?);
        let end = at.saturating_add(number(column.compressed_size())?);
        if end > file.len() as u64 {
            return Err(general(format!("a column ends at {end}, its file at {}", file.len())));
        }
        Ok(Self {
            pages,
            file,
            column: column.column_descr_ptr(),
            at,
            end,
            values,
            seen: 0,
            after: None,
        })
    }

    /// Looks at the header of the next page.
    fn look(&mut self) -> Result<()> {
        if self.after.is_some() || self.at >= self.end {
            return Ok(());
        }
        let at = self.at;
        let header = Header::read(self.file.get_read(at)?, self.end - at)
            .map_err(|e| general(format!("offset {at}: a page header: {}", why(e))))?;
        let (held, values) = (header.held, header.values);
        let most = match header.kind {
            Kind::Data => MOST,
            Kind::Dictionary => MOST_OF_DICTIONARY,
        };
        let most = most.max(header.stored.saturating_mul(MOST_TIMES));
        if held > most {
            return Err(general(format!(
                "offset {at}: a page of {} bytes says that it holds {held}, expected at most {most}",
                header.stored
            )));
        }
        match header.kind {
            Kind::Dictionary if values.saturating_mul(least(&self.column)) > held => {
                return Err(general(format!(
                    "offset {at}: a dictionary of {values} values in {held} bytes"
                )));
            }
            Kind::Dictionary => {}
            Kind::Data => {
                self.seen = self.seen.saturating_add(values);
                if self.seen > self.values {
                    let all = self.values;
                    return Err(general(format!(
                        "offset {at}: more values than the {all} of the column"
                    )));
                }
            }
        }
        let after = at.saturating_add(header.length).saturating_add(header.stored);
        if after > self.end {
            let end = self.end;
            return Err(general(format!(
                "offset {at}: a page ends at {after}, its column at {end}"
            )));
        }
        self.after = Some(after);
        Ok(())
    }

    /// Looks at the next page, which is then the one before.
    fn pass(&mut self) -> Result<()> {
        self.look()?;
        self.at = self.after.take().unwrap_or(self.at);
        Ok(())
    }
}

/// Bytes that a value takes at least in a dictionary.
fn least(column: &ColumnDescriptor) -> u64 {
    match column.physical_type() {
        Type::BOOLEAN => 1,
        // A text begins with its length.
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.type_length()).unwrap_or(0).max(1),
    }
}

fn general(message: String) -> ParquetError {
    ParquetError::General(message)
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.pass()?;
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            parquet_lengths::check(page, &self.column)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.look()?;
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pass()?;
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        self.pages.take_deferred_dictionary()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.look()?;
        self.pages.at_record_boundary()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    const PYTHONS: &[u8] = include_bytes!("../../tests/fixtures/sets/parquet/train-00000-of-00001.parquet");

    fn varint(value: u64) -> Vec<u8> {
        let mut left = value << 1;
        let mut bytes = Vec::new();
        while left > 0x7f {
            bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        bytes.push(left as u8);
        bytes
    }

    /// Looks at each page of a column that is these bytes and says it has as many values.
    fn look(column: &[u8], values: i64) -> Result<()> {
        let like = SerializedFileReader::new(Bytes::from_static(PYTHONS)).unwrap();
        let group = like.get_row_group(0).unwrap();
        let about = ColumnChunkMetaData::builder(like.metadata().row_group(0).column(0).column_descr_ptr())
            .set_data_page_offset(0)
            .set_total_compressed_size(column.len() as i64)
            .set_num_values(values)
            .build()?;
        let mut pages = Pages::new(group.get_column_page_reader(0)?, Bytes::copy_from_slice(column), &about)?;
        while pages.at < pages.end {
            pages.pass()?;
        }
        Ok(())
    }

    /// The header of a data page: type 0, `held` bytes in 6, 9 values; and the page.
    fn data(held: u64) -> Vec<u8> {
        [
            &[0x15, 0, 0x15][..],
            &varint(held),
            &[0x15, 12, 0x2c, 0x15, 18, 0, 0],
            &[1; 6],
        ]
        .concat()
    }

    fn dictionary(held: u64, values: u64) -> Vec<u8> {
        [
            &[0x15, 4, 0x15][..],
            &varint(held),
            &[0x15, 12, 0x4c, 0x15],
            &varint(values),
            &[0, 0],
            &[1; 6],
        ]
        .concat()
    }

    #[test]
    fn pages_that_lie_are_refused() {
        look(&data(7), 9).unwrap();
        look(&data(MOST), 9).unwrap();
        look(&[dictionary(40, 10), data(7), data(7)].concat(), 18).unwrap();
        for (column, values, words) in [
            (data(2_000_000_000), 9, "holds 2000000000, expected at most 268435456"),
            (
                dictionary(100 << 20, 9),
                9,
                "holds 104857600, expected at most 67108864",
            ),
            (dictionary(40, 11), 9, "a dictionary of 11 values in 40 bytes"),
            ([data(7), data(7)].concat(), 17, "more values than the 17 of the column"),
            (data(7)[..16].to_vec(), 9, "a page ends at 17, its column at 16"),
        ] {
            let refused = look(&column, values).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
