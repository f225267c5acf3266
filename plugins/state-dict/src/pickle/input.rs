//! The bytes of a pickle, one after the other.

use ficta_core::{Error, Result};

/// A pickle's bytes, and how far it was read.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    /// At the beginning.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| {
            Error::data(format!(
                "{count} bytes are wanted, the file ends after {}",
                self.bytes.len() - self.at
            ))
        })?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// A line without its end.
    pub fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().position(|b| *b == b'\n');
        let count = count.ok_or_else(|| Error::data("a line that does not end"))?;
        let line = self.take(count + 1)?;
        std::str::from_utf8(&line[..count]).map_err(|_| Error::data("a line that is no text"))
    }

    /// A line with the number of a memo entry.
    pub fn entry_line(&mut self) -> Result<u64> {
        let line = self.line()?;
        line.parse().map_err(|_| Error::data(format!("memo entry `{line}`")))
    }

    /// The length that stands before a text or bytes of this instruction.
    pub fn length(&mut self, code: u8) -> Result<usize> {
        Ok(match code {
            b'U' | b'C' | 0x8c => self.array::<1>()?[0].into(),
            0x8d | 0x8e | 0x96 => usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX),
            _ => u32::from_le_bytes(self.array()?) as usize,
        })
    }
}
