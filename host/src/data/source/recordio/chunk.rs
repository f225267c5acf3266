//! RecordIO's framing: `u32 magic, u32 lrec, data, padding to 4`, little-endian.
//!
//! lrec is `cflag << 29 | length`. Where the magic number stands 4-aligned in a record, the record is split there into a begin (1), middle
//! (2) and end (3) chunk, and the number is left out; joining puts it back. Source: `include/dmlc/recordio.h`.

use std::borrow::Cow;

use crate::data::source::limits;

/// Begins every chunk.
pub const MAGIC: u32 = 0xced7_230a;

/// Longest data of a chunk, as 29 bits hold it.
pub const LONGEST: usize = (1 << 29) - 1;

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Place in the file.
    pub offset: u64,
    /// In words.
    pub reason: String,
}

/// A record, joined where it was split.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its payload.
    pub data: Cow<'a, [u8]>,
    /// Where the next one begins.
    pub end: usize,
}

struct Chunk<'a> {
    flag: u32,
    data: &'a [u8],
    end: usize,
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

fn chunk(bytes: &[u8], at: usize) -> Result<Chunk<'_>, Fault> {
    let fault = |reason: String| {
        Err(Fault {
            offset: at as u64,
            reason,
        })
    };
    let left = bytes.len().saturating_sub(at);
    let (Some(magic), Some(lrec)) = (word(bytes, at), word(bytes, at.saturating_add(4))) else {
        return fault(format!(
            "expected the 8 bytes that a record begins with, but {left} are left"
        ));
    };
    if magic != MAGIC {
        return fault(format!(
            "expected RecordIO's magic number {MAGIC:#010x}, got {magic:#010x}"
        ));
    }
    let (flag, length) = (lrec >> 29, lrec as usize & LONGEST);
    let Some(data) = bytes[at + 8..].get(..length) else {
        return fault(format!(
            "the record says that it is {length} bytes long, but {} are left",
            left - 8
        ));
    };
    // The padding of the last record may be missing.
    let end = (at + 8 + length.next_multiple_of(4)).min(bytes.len());
    Ok(Chunk { flag, data, end })
}

/// The record that begins at `at`.
///
/// # Errors
/// A damaged or cut record, with place and reason.
pub fn read(bytes: &[u8], at: usize) -> Result<Record<'_>, Fault> {
    let first = chunk(bytes, at)?;
    match first.flag {
        0 => {
            return Ok(Record {
                data: first.data.into(),
                end: first.end,
            });
        }
        1 => {}
        flag => {
            let reason =
                format!("a record cannot begin with part {flag} of a split one (0 whole, 1 begin, 2 middle, 3 end)");
            return Err(Fault {
                offset: at as u64,
                reason,
            });
        }
    }
    let (mut joined, mut at) = (first.data.to_vec(), first.end);
    loop {
        let next = chunk(bytes, at)?;
        let fault = |reason: String| {
            Err(Fault {
                offset: at as u64,
                reason,
            })
        };
        if !matches!(next.flag, 2 | 3) {
            return fault(format!(
                "expected the next part of a split record (2 or 3), got {}",
                next.flag
            ));
        }
        joined.extend_from_slice(&MAGIC.to_le_bytes());
        joined.extend_from_slice(next.data);
        if joined.len() as u64 > limits::ENCODED + (1 << 20) {
            return fault(format!(
                "the parts of a split record come to more than {} bytes",
                limits::ENCODED
            ));
        }
        if next.flag == 3 {
            return Ok(Record {
                data: joined.into(),
                end: next.end,
            });
        }
        at = next.end;
    }
}

/// A record's bytes in the file, split where it must be.
///
/// # Errors
/// None for a payload that is shorter than 2^29; a longer one is given back as its length.
pub fn frame(payload: &[u8], out: &mut Vec<u8>) -> Result<(), usize> {
    if payload.len() > LONGEST {
        return Err(payload.len());
    }
    let magic = MAGIC.to_le_bytes();
    let mut cuts: Vec<usize> = (0..payload.len() / 4)
        .map(|word| word * 4)
        .filter(|at| payload[*at..*at + 4] == magic)
        .collect();
    cuts.push(payload.len());
    let last = cuts.len() - 1;
    let mut start = 0;
    for (part, cut) in cuts.into_iter().enumerate() {
        let flag: u32 = match (part, last) {
            (_, 0) => 0,
            (0, _) => 1,
            (part, last) if part == last => 3,
            _ => 2,
        };
        let data = &payload[start..cut];
        out.extend_from_slice(&magic);
        out.extend_from_slice(&(flag << 29 | data.len() as u32).to_le_bytes());
        out.extend_from_slice(data);
        out.resize(out.len().next_multiple_of(4), 0);
        start = cut + 4;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame(payload, &mut out).unwrap();
        out
    }

    fn reason(bytes: &[u8]) -> String {
        let fault = read(bytes, 0).unwrap_err();
        format!("{}: {}", fault.offset, fault.reason)
    }

    #[test]
    fn a_record_is_split_at_an_aligned_magic_number() {
        let magic = MAGIC.to_le_bytes();
        let payload = [b"abcd", &magic[..], b"ef"].concat();
        let bytes = framed(&payload);
        let expected = [
            &magic[..],
            &[4, 0, 0, 0x20],
            b"abcd",
            &magic,
            &[2, 0, 0, 0x60],
            b"ef\0\0",
        ]
        .concat();
        assert_eq!(bytes, expected);
        let unaligned = [b"abc", &magic[..]].concat();
        assert_eq!(framed(&unaligned)[4..8], [7, 0, 0, 0]);
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let bytes = framed(b"abcdefgh");
        assert_eq!(
            reason(&bytes[..5]),
            "0: expected the 8 bytes that a record begins with, but 5 are left"
        );
        assert_eq!(
            reason(&bytes[..12]),
            "0: the record says that it is 8 bytes long, but 4 are left"
        );
        assert_eq!(
            reason(b"no record"),
            "0: expected RecordIO's magic number 0xced7230a, got 0x72206f6e"
        );
        let mut end = bytes.clone();
        end[7] = 3 << 5;
        assert!(reason(&end).contains("cannot begin with part 3"));
        let mut begin = bytes.clone();
        begin[7] = 1 << 5;
        assert!(reason(&begin).starts_with("16: expected the 8 bytes"));
        begin.extend_from_slice(&bytes);
        assert!(reason(&begin).starts_with("16: expected the next part"));
    }

    proptest! {
        #[test]
        fn records_come_back(words in prop::collection::vec(prop_oneof![Just(MAGIC), any::<u32>()], 0..12), tail in prop::collection::vec(any::<u8>(), 0..4)) {
            let mut payload: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            payload.extend(tail);
            let bytes = framed(&payload);
            let record = read(&bytes, 0).unwrap();
            prop_assert_eq!(&*record.data, &payload[..]);
            prop_assert_eq!(record.end, bytes.len());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), at: usize) {
            let _ = read(&bytes, at);
            let _ = read(&bytes, at % 64);
        }

        #[test]
        fn mutated_records_never_panic(at in 0usize..60, byte: u8) {
            let magic = MAGIC.to_le_bytes();
            let mut bytes = framed(&[b"abcd", &magic[..], b"ef", &magic, &magic].concat());
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read(&bytes, 0);
        }
    }
}
