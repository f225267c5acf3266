//! The header of a Parquet page, as `parquet.thrift` of parquet-format describes it.

use std::io::Read;

use thrift::{
    TConfiguration,
    protocol::{TCompactInputProtocol, TInputProtocol, TType},
};

use super::thrift_structure::structure;

/// What a page is: field 1 of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Dictionary,
}

/// What the header of a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    /// Bytes of the header itself.
    pub length: u64,
    /// Bytes of the page in the file.
    pub stored: u64,
    /// Bytes of what it holds.
    pub held: u64,
    /// Values, absent ones included.
    pub values: u64,
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

/// Types of the fields of `PageHeader` (parquet-format, `parquet.thrift`).
const PAGE: [TType; 8] = [
    TType::I32,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::Struct,
    TType::Struct,
    TType::Struct,
    TType::Struct,
];
/// Of `DataPageHeader`.
const DATA: [TType; 5] = [TType::I32, TType::I32, TType::I32, TType::I32, TType::Struct];
/// Of `DictionaryPageHeader`.
const DICTIONARY: [TType; 3] = [TType::I32, TType::I32, TType::Bool];
/// Of `DataPageHeaderV2`.
const DATA_V2: [TType; 8] = [
    TType::I32,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::Bool,
    TType::Struct,
];
/// Of `Statistics`.
const STATISTICS: [TType; 8] = [
    TType::String,
    TType::String,
    TType::I64,
    TType::I64,
    TType::String,
    TType::String,
    TType::Bool,
    TType::Bool,
];

impl Header {
    /// Reads all of a header. No text or value of it is longer than `most` bytes.
    ///
    /// # Errors
    /// Other types than the format's; no sizes; pages of indices, which no writer makes.
    pub(super) fn read(from: impl Read, most: u64) -> thrift::Result<Self> {
        let longest = usize::try_from(most).unwrap_or(usize::MAX);
        let limits = TConfiguration::builder().max_string_size(Some(longest)).build()?;
        let mut counted = Counted { from, bytes: 0 };
        let mut protocol = TCompactInputProtocol::with_config(&mut counted, limits);
        let (mut kind, mut held, mut stored, mut values) = (None, None, None, [None; 3]);
        structure(&mut protocol, &PAGE, &mut |protocol, field| {
            match field.known {
                Some(1) => kind = Some(protocol.read_i32()?),
                Some(2) => held = Some(protocol.read_i32()?),
                Some(3) => stored = Some(protocol.read_i32()?),
                Some(5) => values[0] = page(protocol, &DATA)?,
                Some(7) => values[1] = page(protocol, &DICTIONARY)?,
                Some(8) => values[2] = page(protocol, &DATA_V2)?,
                _ => pass(protocol, field.kind)?,
            }
            Ok(())
        })?;
        let (kind, values) = match kind {
            Some(0) => (Kind::Data, values[0]),
            Some(2) => (Kind::Dictionary, values[1]),
            Some(3) => (Kind::Data, values[2]),
            other => return Err(format!("a page of type {other:?}, expected 0, 2 or 3").into()),
        };
        let size = |value: Option<i32>| {
            let value = value.and_then(|v| u64::try_from(v).ok());
            value.ok_or("no size, or one below 0")
        };
        Ok(Self {
            kind,
            held: size(held)?,
            stored: size(stored)?,
            values: size(values)?,
            length: counted.bytes,
        })
    }
}

/// The values, field 1, of a kind of page.
fn page(protocol: &mut dyn TInputProtocol, types: &[TType]) -> thrift::Result<Option<i32>> {
    let mut values = None;
    structure(
        protocol,
        types,
        &mut |protocol, field| match (field.known, field.kind) {
            (Some(1), _) => protocol.read_i32().map(|count| values = Some(count)),
            (Some(_), TType::Struct) => {
                structure(protocol, &STATISTICS, &mut |protocol, field| pass(protocol, field.kind))
            }
            (_, kind) => pass(protocol, kind),
        },
    )?;
    Ok(values)
}

/// Passes over a value. Headers have no lists; of an unknown one the `parquet` crate passes over as many elements as it says it has.
fn pass(protocol: &mut dyn TInputProtocol, kind: TType) -> thrift::Result<()> {
    match kind {
        TType::Struct => structure(protocol, &[], &mut |protocol, field| pass(protocol, field.kind)),
        TType::List | TType::Set | TType::Map => Err(format!("a field is of type {kind:?}").into()),
        _ => protocol.skip(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::thrift_structure::why, *};

    /// Of a data page: type 0, 6 bytes that hold 7, 9 values.
    const DATA_PAGE: [u8; 12] = [0x15, 0, 0x15, 14, 0x15, 12, 0x2c, 0x15, 18, 0, 0, 0];

    #[test]
    fn what_a_header_says() {
        let header = Header::read(&DATA_PAGE[..], 100).unwrap();
        let expected = Header {
            kind: Kind::Data,
            length: 11,
            stored: 6,
            held: 7,
            values: 9,
        };
        assert_eq!(header, expected);
    }

    #[test]
    fn one_that_is_cut_lacks_a_size_or_has_other_types_is_refused() {
        for cut in 0..11 {
            assert!(Header::read(&DATA_PAGE[..cut], 100).is_err(), "{cut}");
        }
        let refused = |bytes: &[u8]| why(Header::read(bytes, 100).unwrap_err());
        // Field 7 is a structure, here a number; field 9 is unknown, here a list of 2^31 - 1 truths.
        for wrong in [&[0x75, 2, 0][..], &[0x99, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]] {
            let why = refused(wrong);
            assert!(why.contains("is of type"), "{why}");
        }
        let index = refused(&[0x15, 2, 0x15, 14, 0x15, 12, 0]);
        assert!(index.contains("a page of type Some(1)"), "{index}");
        let sizes = refused(&[0x15, 0, 0x15, 14, 0]);
        assert!(sizes.contains("no size"), "{sizes}");
    }
}
