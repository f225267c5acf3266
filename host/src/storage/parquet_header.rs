//! The header of a Parquet page, as `parquet.thrift` of parquet-format describes it.

use std::io::Read;

use thrift::{
    TConfiguration,
    protocol::{TCompactInputProtocol, TInputProtocol, TType},
};

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
    (2, Field::I32),
    (3, Field::I32),
    (4, Field::I32),
    (5, Field::Struct(DATA)),
    (6, Field::Struct(&[])),
    (7, Field::Struct(DICTIONARY)),
    (8, Field::Struct(DATA_V2)),
];
const DATA: &[(i16, Field)] = &[
    (1, Field::I32),
    (2, Field::I32),
    (3, Field::I32),
    (4, Field::I32),
    (5, Field::Struct(STATISTICS)),
];
const DICTIONARY: &[(i16, Field)] = &[(1, Field::I32), (2, Field::I32), (3, Field::Bool)];
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

impl Header {
    /// Reads all of a header: the `parquet` crate takes a field to be of the type that the format gives it, whatever its type in the file is, and passes over
    /// as many elements of an unknown list as it says it has. No text or value of it is longer than `most` bytes.
    ///
    /// # Errors
    /// Other types than the format's; no sizes; pages of indices, which no writer makes.
    pub(super) fn read(from: impl Read, most: u64) -> thrift::Result<Self> {
        let longest = usize::try_from(most).unwrap_or(usize::MAX);
        let limits = TConfiguration::builder().max_string_size(Some(longest)).build()?;
        let mut counted = Counted { from, bytes: 0 };
        let mut protocol = TCompactInputProtocol::with_config(&mut counted, limits);
        let (mut kind, mut held, mut stored, mut values) = (None, None, None, [None; 3]);
        structure(&mut protocol, 0, PAGE, &mut |within, id, value| match (within, id) {
            (0, 1) => kind = Some(value),
            (0, 2) => held = Some(value),
            (0, 3) => stored = Some(value),
            (5, 1) => values[0] = Some(value),
            (7, 1) => values[1] = Some(value),
            (8, 1) => values[2] = Some(value),
            _ => {}
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

/// Reads a structure, which is field `within` of the header; `see` gets that number, and number and value of its own fields in i32. Those that are not known
/// here are passed over where they are not lists.
fn structure(
    protocol: &mut dyn TInputProtocol,
    within: i16,
    fields: &[(i16, Field)],
    see: &mut dyn FnMut(i16, i16, i32),
) -> thrift::Result<()> {
    protocol.read_struct_begin()?;
    loop {
        let found = protocol.read_field_begin()?;
        let id = found.id.unwrap_or_default();
        let known = fields.iter().find(|(known, _)| *known == id).map(|(_, field)| field);
        match (found.field_type, known) {
            (TType::Stop, _) => return protocol.read_struct_end(),
            (TType::I32, Some(Field::I32)) => see(within, id, protocol.read_i32()?),
            (TType::Struct, Some(Field::Struct(fields))) => structure(protocol, id, fields, see)?,
            (TType::Bool, None | Some(Field::Bool))
            | (TType::I64, None | Some(Field::I64))
            | (TType::String, None | Some(Field::Binary))
            | (TType::I08 | TType::I16 | TType::I32 | TType::Double | TType::Uuid, None) => {
                protocol.skip(found.field_type)?;
            }
            (TType::Struct, None) => structure(protocol, id, &[], &mut |_, _, _| {})?,
            (other, _) => return Err(format!("field {id} is of type {other:?}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
