//! The page headers of a Parquet column, read before its pages are.
//!
//! The `parquet` crate makes room for as many bytes as a header says the page holds once decompressed, before it looks at the page, and does not
//! show the header to its callers.

use std::io::Read;

use parquet::{
    errors::{ParquetError, Result},
    file::{metadata::ColumnChunkMetaData, reader::ChunkReader},
};
use thrift::{
    TConfiguration,
    protocol::{TCompactInputProtocol, TInputProtocol, TType},
};

/// Most bytes that a page may hold: 256 MiB. Writers make pages of about 1 MiB; one that holds a single value is as large as that.
const MOST: u64 = 256 << 20;
/// Beyond [`MOST`], how many times its size in the file a page may hold. Images and features hardly compress.
const MOST_TIMES: u64 = 16;

/// The sizes that a header of a page states, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sizes {
    /// Of the header itself.
    header: u64,
    /// Of the page in the file.
    stored: u64,
    /// Of what it holds.
    held: u64,
}

/// Goes through the headers of a column's pages.
///
/// # Errors
/// A header that cannot be read; a page that leaves its column, or that says it holds more than fits in what is stored.
pub(super) fn check<R: ChunkReader>(file: &R, column: &ColumnChunkMetaData) -> Result<()> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let (Ok(mut at), Ok(length)) = (u64::try_from(start), u64::try_from(column.compressed_size())) else {
        return Err(ParquetError::General("a column begins before its file".into()));
    };
    let end = at.saturating_add(length);
    if end > file.len() {
        return Err(ParquetError::EOF(format!(
            "a column ends at {end}, the file at {}",
            file.len()
        )));
    }
    while at < end {
        let sizes = header(file.get_read(at)?, end - at)
            .map_err(|e| ParquetError::General(format!("offset {at}: a page header: {}", why(e))))?;
        let most = MOST.max(sizes.stored.saturating_mul(MOST_TIMES));
        if sizes.held > most {
            return Err(ParquetError::General(format!(
                "offset {at}: a page of {} bytes says that it holds {}, expected at most {most}",
                sizes.stored, sizes.held
            )));
        }
        let next = at.saturating_add(sizes.header).saturating_add(sizes.stored);
        if next > end {
            return Err(ParquetError::EOF(format!(
                "offset {at}: a page ends at {next}, its column at {end}"
            )));
        }
        at = next;
    }
    Ok(())
}

/// Counts what is read.
struct Counted<R> {
    from: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(into)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// What went wrong; thrift's own words name only the kind.
pub(super) fn why(error: thrift::Error) -> String {
    match error {
        thrift::Error::Transport(e) => e.message,
        thrift::Error::Protocol(e) => e.message,
        thrift::Error::Application(e) => e.message,
        thrift::Error::User(e) => e.to_string(),
    }
}

/// A type of the format's structures.
enum Field {
    Bool,
    I32,
    I64,
    Binary,
    Struct(&'static [(i16, Field)]),
}

/// `PageHeader` and what it holds (parquet-format, `parquet.thrift`).
const PAGE: &[(i16, Field)] = &[
    (1, Field::I32),
    (HELD, Field::I32),
    (STORED, Field::I32),
    (4, Field::I32),
    (5, Field::Struct(DATA)),
    (6, Field::Struct(&[])),
    (7, Field::Struct(&[(1, Field::I32), (2, Field::I32), (3, Field::Bool)])),
    (8, Field::Struct(DATA_V2)),
];
const HELD: i16 = 2;
const STORED: i16 = 3;
const DATA: &[(i16, Field)] = &[
    (1, Field::I32),
    (2, Field::I32),
    (3, Field::I32),
    (4, Field::I32),
    (5, Field::Struct(STATISTICS)),
];
const DATA_V2: &[(i16, Field)] = &[
    (1, Field::I32),
    (2, Field::I32),
    (3, Field::I32),
    (4, Field::I32),
    (5, Field::I32),
    (6, Field::I32),
    (7, Field::Bool),
    (8, Field::Struct(STATISTICS)),
];
const STATISTICS: &[(i16, Field)] = &[
    (1, Field::Binary),
    (2, Field::Binary),
    (3, Field::I64),
    (4, Field::I64),
    (5, Field::Binary),
    (6, Field::Binary),
    (7, Field::Bool),
    (8, Field::Bool),
];

/// The sizes in a page's header. All of it is checked: the `parquet` crate takes a field to be of the type that the format gives it, whatever its type in
/// the file is, and passes over as many elements of an unknown list as it says it has. No text or value of it is longer than `most` bytes.
fn header(from: impl Read, most: u64) -> thrift::Result<Sizes> {
    let longest = usize::try_from(most).unwrap_or(usize::MAX);
    let limits = TConfiguration::builder().max_string_size(Some(longest)).build()?;
    let mut counted = Counted { from, bytes: 0 };
    let mut protocol = TCompactInputProtocol::with_config(&mut counted, limits);
    let (mut held, mut stored) = (None, None);
    structure(&mut protocol, PAGE, &mut |id, value| match id {
        HELD => held = Some(value),
        STORED => stored = Some(value),
        _ => {}
    })?;
    let size = |value: Option<i32>| {
        value
            .and_then(|v| u64::try_from(v).ok())
            .ok_or("no size, or one below 0")
    };
    Ok(Sizes {
        held: size(held)?,
        stored: size(stored)?,
        header: counted.bytes,
    })
}

/// Reads a structure; `see` gets its fields in i32. Those that are not known here are passed over where they are not lists.
fn structure(
    protocol: &mut dyn TInputProtocol,
    fields: &[(i16, Field)],
    see: &mut dyn FnMut(i16, i32),
) -> thrift::Result<()> {
    protocol.read_struct_begin()?;
    loop {
        let found = protocol.read_field_begin()?;
        let id = found.id.unwrap_or_default();
        let known = fields.iter().find(|(known, _)| *known == id).map(|(_, field)| field);
        match (found.field_type, known) {
            (TType::Stop, _) => return protocol.read_struct_end(),
            (TType::I32, Some(Field::I32)) => see(id, protocol.read_i32()?),
            (TType::Struct, Some(Field::Struct(fields))) => structure(protocol, fields, &mut |_, _| {})?,
            (TType::Bool, None | Some(Field::Bool))
            | (TType::I64, None | Some(Field::I64))
            | (TType::String, None | Some(Field::Binary))
            | (TType::I08 | TType::I16 | TType::I32 | TType::Double | TType::Uuid, None) => {
                protocol.skip(found.field_type)?;
            }
            (TType::Struct, None) => structure(protocol, &[], &mut |_, _| {})?,
            (other, _) => return Err(format!("field {id} is of type {other:?}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    const PYTHONS: &[u8] = include_bytes!("../../tests/fixtures/sets/parquet/train-00000-of-00001.parquet");

    fn checked(file: &[u8]) -> Result<Vec<Result<()>>> {
        let bytes = Bytes::copy_from_slice(file);
        let reader = SerializedFileReader::new(bytes.clone())?;
        let groups = reader.metadata().row_groups();
        Ok(groups
            .iter()
            .flat_map(|g| g.columns())
            .map(|c| check(&bytes, c))
            .collect())
    }

    /// Where the first header of the first column stands, and what it says.
    fn first() -> (usize, Sizes) {
        let bytes = Bytes::from_static(PYTHONS);
        let reader = SerializedFileReader::new(bytes.clone()).unwrap();
        let (start, _) = reader.metadata().row_group(0).column(0).byte_range();
        (start as usize, header(bytes.get_read(start).unwrap(), 1000).unwrap())
    }

    /// An `i32` of the compact protocol: zigzag, seven bits a byte.
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

    #[test]
    fn pages_of_pyarrow_are_as_large_as_they_say() {
        let columns = checked(PYTHONS).unwrap();
        assert_eq!(columns.len(), 3 * 3);
        assert!(columns.iter().all(Result::is_ok), "{columns:?}");
    }

    /// Checks a column that is these bytes.
    fn of(column: &[u8]) -> Result<()> {
        let bytes = Bytes::copy_from_slice(column);
        let like = SerializedFileReader::new(Bytes::from_static(PYTHONS)).unwrap();
        let about = ColumnChunkMetaData::builder(like.metadata().row_group(0).column(0).column_descr_ptr())
            .set_data_page_offset(0)
            .set_total_compressed_size(column.len() as i64)
            .build()?;
        check(&bytes, &about)
    }

    #[test]
    fn a_page_that_says_it_holds_gigabytes_is_refused() {
        let (start, sizes) = first();
        let page = &PYTHONS[start..start + (sizes.header + sizes.stored) as usize];
        of(page).unwrap();
        // Field 1 (the type of the page) takes two bytes, and one announces field 2.
        let told = varint(sizes.held);
        assert_eq!(page[3..3 + told.len()], told);
        let saying = |held| of(&[&page[..3], &varint(held), &page[3 + told.len()..]].concat());
        saying(MOST).unwrap();
        let refused = saying(2_000_000_000).unwrap_err().to_string();
        assert!(
            refused.contains("says that it holds 2000000000, expected at most 268435456"),
            "{refused}"
        );
        let cut = of(&page[..page.len() - 1]).unwrap_err().to_string();
        assert!(cut.contains("a page ends at"), "{cut}");
    }

    #[test]
    fn a_header_that_is_cut_lacks_a_size_or_has_other_types_is_refused() {
        let (start, sizes) = first();
        let whole = &PYTHONS[start..start + sizes.header as usize];
        assert_eq!(header(whole, 1000).unwrap(), sizes);
        for cut in 0..whole.len() {
            assert!(header(&whole[..cut], 1000).is_err(), "{cut}");
        }
        // Field 7 is a structure, here a number; field 9 is unknown, here a list of 2^31 - 1 truths.
        for wrong in [&[0x75, 2, 0][..], &[0x99, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]] {
            let why = why(header(wrong, 1000).unwrap_err());
            assert!(why.contains("is of type"), "{why}");
        }
        assert!(why(header(&[0u8][..], 1000).unwrap_err()).contains("no size"));
    }
}
