//! Lengths of texts in Parquet's delta encodings.
//!
//! The `parquet` crate makes room for as many lengths as a block of them says it has, which is any 64-bit number.

use parquet::{
    basic::Encoding,
    column::page::Page,
    errors::{ParquetError, Result},
    schema::types::ColumnDescriptor,
};

/// Checks that blocks of lengths have no more of them than the page has values.
///
/// # Errors
/// More lengths; a block that cannot be read.
pub(super) fn check(page: &Page, column: &ColumnDescriptor) -> Result<()> {
    let (content, values, encoding) = match page {
        Page::DataPage {
            buf,
            num_values,
            encoding,
            ..
        } => (buf, *num_values, *encoding),
        Page::DataPageV2 {
            buf,
            num_values,
            encoding,
            ..
        } => (buf, *num_values, *encoding),
        Page::DictionaryPage { .. } => return Ok(()),
    };
    let blocks = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // Lengths of what a text shares with the one before, then of what it does not.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let damaged = || ParquetError::General(format!("lengths of texts in {encoding} that cannot be read"));
    let start = levels(page, column).ok_or_else(damaged)?;
    let mut rest = content.get(start..).ok_or_else(damaged)?;
    for _ in 0..blocks {
        let header = Header::take(&mut rest).ok_or_else(damaged)?;
        if header.count > u64::from(values) {
            let count = header.count;
            let message = format!("{count} lengths in {encoding} in a page of {values} values");
            return Err(ParquetError::General(message));
        }
        header.pass(&mut rest).ok_or_else(damaged)?;
    }
    Ok(())
}

/// Bytes of the levels that stand before a page's values.
fn levels(page: &Page, column: &ColumnDescriptor) -> Option<usize> {
    match page {
        Page::DataPage {
            buf,
            def_level_encoding,
            rep_level_encoding,
            ..
        } => {
            let mut at = 0;
            for (most, encoding) in [
                (column.max_rep_level(), *rep_level_encoding),
                (column.max_def_level(), *def_level_encoding),
            ] {
                if most > 0 {
                    let length = (encoding == Encoding::RLE).then(|| buf.get(at..)?.first_chunk().copied())?;
                    at = usize::try_from(u32::from_le_bytes(length?)).ok()?.checked_add(at + 4)?;
                }
            }
            Some(at)
        }
        Page::DataPageV2 {
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => usize::try_from(def_levels_byte_len.checked_add(*rep_levels_byte_len)?).ok(),
        Page::DictionaryPage { .. } => None,
    }
}

/// What stands before integers in `DELTA_BINARY_PACKED`.
struct Header {
    block: u64,
    parts: u64,
    count: u64,
}

impl Header {
    fn take(rest: &mut &[u8]) -> Option<Self> {
        let [block, parts, count, _first] = [varint(rest)?, varint(rest)?, varint(rest)?, varint(rest)?];
        (parts > 0 && block > 0 && block.is_multiple_of(parts)).then_some(Self { block, parts, count })
    }

    /// Passes over the integers.
    fn pass(&self, rest: &mut &[u8]) -> Option<()> {
        let each = self.block / self.parts;
        let mut left = self.count.saturating_sub(1);
        while left > 0 {
            varint(rest)?;
            let (widths, after) = rest.split_at_checked(usize::try_from(self.parts).ok()?)?;
            *rest = after;
            for width in widths {
                if left == 0 {
                    break;
                }
                let bytes = u64::from(*width).checked_mul(each)? / 8;
                // The last integers may be followed by nothing.
                *rest = rest.get(usize::try_from(bytes).ok()?..).unwrap_or_default();
                left = left.saturating_sub(each);
            }
        }
        Some(())
    }
}

/// Seven bits a byte, the lowest first.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use parquet::{
        basic::{Compression, Type},
        column::page::PageReader,
        data_type::{ByteArray, ByteArrayType},
        file::{
            properties::WriterProperties,
            reader::{FileReader, SerializedFileReader},
            writer::SerializedFileWriter,
        },
        schema::types::Type as Schema,
    };

    use super::*;

    /// A page of texts as the crate writes it.
    fn written(encoding: Encoding) -> (Page, Bytes) {
        let text = Schema::primitive_type_builder("text", Type::BYTE_ARRAY)
            .build()
            .unwrap();
        let schema = Schema::group_type_builder("schema").with_fields(vec![Arc::new(text)]);
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_encoding(encoding)
            .set_compression(Compression::UNCOMPRESSED)
            .build();
        let schema = Arc::new(schema.build().unwrap());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let text = |i: usize| ByteArray::from("abcdefgh".repeat(i % 37).as_str());
        let texts: Vec<ByteArray> = (0..1000).map(text).collect();
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts, Some(&vec![1; 1000]), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        let file = Bytes::from(writer.into_inner().unwrap());
        let mut pages = pages(&file);
        (pages.get_next_page().unwrap().unwrap(), file)
    }

    fn pages(file: &Bytes) -> Box<dyn PageReader> {
        let reader = SerializedFileReader::new(file.clone()).unwrap();
        reader.get_row_group(0).unwrap().get_column_page_reader(0).unwrap()
    }

    fn with(page: &Page, content: Bytes) -> Page {
        let mut page = page.clone();
        match &mut page {
            Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = content
            }
        }
        page
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for (encoding, blocks) in [(Encoding::DELTA_LENGTH_BYTE_ARRAY, 1), (Encoding::DELTA_BYTE_ARRAY, 2)] {
            let (page, file) = written(encoding);
            let reader = SerializedFileReader::new(file).unwrap();
            let column = reader.metadata().file_metadata().schema_descr().column(0);
            check(&page, &column).unwrap();
            let start = levels(&page, &column).unwrap();
            let content = page.buffer().clone();
            // The texts' 1000 is written 0xe8 0x07, in each block after its size (128: 0x80 0x01) and its parts (4).
            let counts: Vec<usize> = (start..content.len() - 5)
                .filter(|at| content[*at..][..5] == [0x80, 0x01, 0x04, 0xe8, 0x07])
                .collect();
            assert_eq!(counts.len(), blocks, "{encoding}");
            for at in counts {
                let (before, after) = (&content[..at + 3], &content[at + 5..]);
                for lie in [&[0xe9, 0x07][..], &[0xff, 0xff, 0xff, 0xff, 0xff, 0x01]] {
                    let lying = with(&page, [before, lie, after].concat().into());
                    let refused = check(&lying, &column).unwrap_err().to_string();
                    assert!(refused.contains("in a page of 1000 values"), "{refused}");
                }
            }
            assert!(check(&with(&page, content.slice(..start + 4)), &column).is_err());
        }
    }
}
