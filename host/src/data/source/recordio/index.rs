//! Where the records of a `.rec` begin: from its `.idx` (`key\toffset` a line), or from the `.rec` itself.

use ficta_core::Result;

use super::chunk;
use crate::{
    data::source::{lines::Lines, offsets::Offsets},
    storage::mapped::Mapped,
};

/// The keys of records, in the order of the index.
#[derive(Debug)]
enum Keys {
    /// One after the other from this one.
    From(u64),
    /// In any order.
    Listed(Offsets),
}

/// Keys and places of records: five bytes a record, ten where keys are not in order.
#[derive(Debug)]
pub(super) struct Index {
    keys: Keys,
    /// A quarter of the places: records are 4-aligned.
    places: Offsets,
}

impl Index {
    fn new() -> Self {
        Self {
            keys: Keys::From(0),
            places: Offsets::default(),
        }
    }

    /// Reads an index file.
    ///
    /// # Errors
    /// A line that is not `key\toffset`; an offset that is no multiple of 4.
    pub(super) fn read(file: &Mapped) -> Result<Self> {
        let mut index = Self::new();
        for line in Lines::of(file.bytes()) {
            let text = line.text;
            if text.is_empty() {
                continue;
            }
            let mut fields = text.split(|b| *b == b'\t' || *b == b' ').filter(|f| !f.is_empty());
            let number = |field: Option<&[u8]>| std::str::from_utf8(field?).ok()?.parse::<u64>().ok();
            let (Some(key), Some(offset), None) = (number(fields.next()), number(fields.next()), fields.next()) else {
                let what = format!("line {}: expected `key<tab>offset`, got {}", line.number, line.shown());
                let error = file.error(line.offset, what);
                return Err(
                    error.help("remove the index to have the records found by reading the .rec, or copy it again")
                );
            };
            if offset % 4 != 0 {
                let what = format!("line {}: offset {offset} is no multiple of 4", line.number);
                return Err(file.error(line.offset, what));
            }
            index.push(key, offset)?;
        }
        index.shrink();
        Ok(index)
    }

    /// Finds the records by going from one to the next. Keys count them from 0.
    ///
    /// # Errors
    /// None but a file too large for an index: damage ends the search, and its place and reason are given back.
    pub(super) fn scan(rec: &Mapped) -> Result<(Self, Option<chunk::Fault>)> {
        let mut index = Self::new();
        let (bytes, mut at) = (rec.bytes(), 0);
        rec.advise_sequential(true);
        let mut damage = None;
        while at < bytes.len() {
            match chunk::read(bytes, at) {
                Ok(record) => {
                    index.push(index.len() as u64, at as u64)?;
                    at = record.end;
                }
                Err(fault) => {
                    damage = Some(fault);
                    break;
                }
            }
        }
        rec.advise_sequential(false);
        index.shrink();
        Ok((index, damage))
    }

    fn push(&mut self, key: u64, offset: u64) -> Result<()> {
        let at = self.places.len() as u64;
        match &mut self.keys {
            Keys::From(first) if at == 0 => *first = key,
            Keys::From(first) if first.checked_add(at) == Some(key) => {}
            Keys::From(first) => {
                let mut listed = Offsets::default();
                for before in 0..at {
                    listed.push(*first + before)?;
                }
                listed.push(key)?;
                self.keys = Keys::Listed(listed);
            }
            Keys::Listed(listed) => listed.push(key)?,
        }
        self.places.push(offset / 4)
    }

    fn shrink(&mut self) {
        self.places.shrink();
        if let Keys::Listed(listed) = &mut self.keys {
            listed.shrink();
        }
    }

    /// Number of records.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The key of a record.
    pub(super) fn key(&self, at: usize) -> u64 {
        match &self.keys {
            Keys::From(first) => first + at as u64,
            Keys::Listed(listed) => listed.get(at),
        }
    }

    /// Where a record begins in the `.rec`.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.places.get(at) * 4
    }

    /// The record of a key.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        match &self.keys {
            Keys::From(first) => {
                let at = usize::try_from(key.checked_sub(*first)?).ok()?;
                (at < self.len()).then_some(at)
            }
            Keys::Listed(listed) => (0..listed.len()).find(|at| listed.get(*at) == key),
        }
    }

    /// The records of keys in `from..to` alone, in order of key.
    ///
    /// # Errors
    /// None: no place is new.
    pub(super) fn between(&self, from: u64, to: u64) -> Result<Self> {
        let mut index = Self::new();
        let inside = |at: &usize| (from..to).contains(&self.key(*at));
        if (1..self.len()).all(|at| self.key(at - 1) < self.key(at)) {
            for at in (0..self.len()).filter(inside) {
                index.push(self.key(at), self.offset(at))?;
            }
        } else {
            let pair = |at| (self.key(at), self.offset(at));
            let mut chosen: Vec<(u64, u64)> = (0..self.len()).filter(inside).map(pair).collect();
            chosen.sort_unstable();
            for (key, offset) in chosen {
                index.push(key, offset)?;
            }
        }
        index.shrink();
        Ok(index)
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        let keys = match &self.keys {
            Keys::From(_) => 0,
            Keys::Listed(listed) => listed.memory(),
        };
        keys + self.places.memory()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn index(text: &[u8]) -> Result<Index> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train.idx");
        std::fs::write(&path, text).unwrap();
        Index::read(&Mapped::open(&path).unwrap())
    }

    #[test]
    fn keys_in_order_take_no_memory_and_others_are_kept() {
        let dense = index(b"0\t0\n1\t44\n2\t5000\n").unwrap();
        assert_eq!(
            (dense.len(), dense.key(2), dense.offset(2), dense.memory()),
            (3, 2, 5000, 15)
        );
        let shuffled = index(b"7\t0\r\n3\t44\r\n9\t5000").unwrap();
        assert_eq!((shuffled.key(0), shuffled.key(2), shuffled.find(3)), (7, 9, Some(1)));
        let part = shuffled.between(3, 9).unwrap();
        assert_eq!((part.len(), part.key(0), part.offset(0), part.key(1)), (2, 3, 44, 7));
        assert_eq!(dense.find(3), None);
    }

    #[test]
    fn ten_million_records_take_five_bytes_each() {
        let mut text = String::new();
        for key in 0..10_000_000u64 {
            writeln!(text, "{key}\t{}", key * 10_004).unwrap();
        }
        let index = index(text.as_bytes()).unwrap();
        assert_eq!((index.len(), index.memory()), (10_000_000, 50_000_000));
        assert_eq!(index.offset(9_999_999), 9_999_999 * 10_004);
    }

    #[test]
    fn damaged_lines_are_named() {
        let message = |text: &[u8]| index(text).unwrap_err().message().to_owned();
        assert!(message(b"0\t0\n1\tx\n").contains("offset 4: line 2: expected `key<tab>offset`, got `1\\tx`"));
        assert!(message(b"0\t3\n").contains("offset 3 is no multiple of 4"));
        assert!(message(b"0\t0\t0\n").contains("line 1"));
        assert!(message(b"0\t18446744073709551615\n").contains("is no multiple of 4"));
        assert!(message(b"0\t18446744073709551612\n").contains("beyond what an index holds"));
        assert!(message(b"\xff\xfe\n").contains("line 1"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(bytes in "[0-9\t \n\r\u{ff}x]{0,80}") {
            let _ = index(bytes.as_bytes());
        }
    }
}
