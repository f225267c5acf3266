//! The bytes of a pickle, one after the other, with their offset.

use std::{
    collections::BTreeMap,
    io::{BufRead, Seek},
};

use ficta_core::{Error, Result};

use super::span::{Encoding, Span};

/// Longest line that is kept: names of globals and numbers.
const LINE: usize = 512;

/// A pickle's bytes. Long ones are passed over, not read.
pub(super) struct Input<R> {
    reader: R,
    offset: u64,
    size: u64,
    seen: BTreeMap<u64, Vec<u8>>,
}

impl<R: BufRead + Seek> Input<R> {
    /// `reader` at the beginning of `size` bytes.
    pub fn new(reader: R, size: u64) -> Self {
        Self {
            reader,
            offset: 0,
            size,
            seen: BTreeMap::new(),
        }
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.must_have(N as u64)?;
        self.reader.read_exact(&mut bytes)?;
        self.offset += N as u64;
        Ok(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// The next bytes, up to 8, as a little-endian number.
    pub fn unsigned(&mut self, width: usize) -> Result<u64> {
        let mut bytes = [0; 8];
        self.must_have(width as u64)?;
        self.reader.read_exact(&mut bytes[..width])?;
        self.offset += width as u64;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Passes over `length` bytes, which must be there.
    pub fn span(&mut self, length: u64, encoding: Encoding) -> Result<Span> {
        self.must_have(length)?;
        let span = Span {
            offset: self.offset,
            length,
            encoding,
        };
        let ahead = i64::try_from(length).map_err(|_| self.truncated(length))?;
        self.reader.seek_relative(ahead)?;
        self.offset += length;
        Ok(span)
    }

    /// A short line without its end.
    pub fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        let begin = self.offset;
        loop {
            match self.byte()? {
                b'\n' => break,
                byte if line.len() < LINE => line.push(byte),
                _ => return Err(Error::data(format!("offset {begin}: a line of more than {LINE} bytes"))),
            }
        }
        String::from_utf8(line).map_err(|_| Error::data(format!("offset {begin}: a line that is no UTF-8")))
    }

    /// Passes over a line of any length; the span leaves its end out.
    pub fn line_span(&mut self, encoding: Encoding) -> Result<Span> {
        let begin = self.offset;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Err(self.truncated(1));
            }
            let end = buffer.iter().position(|b| *b == b'\n');
            let taken = end.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(taken);
            self.offset += taken as u64;
            if end.is_some() {
                break;
            }
        }
        Ok(Span {
            offset: begin,
            length: self.offset - 1 - begin,
            encoding,
        })
    }

    /// The stored bytes of a short span that was passed over before.
    ///
    /// # Errors
    /// More than 64 bytes; reading failed.
    pub fn look_back(&mut self, span: Span) -> Result<Vec<u8>> {
        if let Some(known) = self.seen.get(&span.offset) {
            return Ok(known.clone());
        }
        if span.length > 64 {
            return Err(Error::data(format!(
                "offset {}: {} bytes stand where a name or a type code is expected",
                span.offset, span.length
            )));
        }
        let back = (self.offset - span.offset).cast_signed();
        let mut bytes = vec![0; span.length as usize];
        self.reader.seek_relative(-back)?;
        self.reader.read_exact(&mut bytes)?;
        self.reader.seek_relative(back - span.length.cast_signed())?;
        // Pickles refer back to the same few names again and again.
        if self.seen.len() >= 64 {
            self.seen.clear();
        }
        self.seen.insert(span.offset, bytes.clone());
        Ok(bytes)
    }

    fn must_have(&self, length: u64) -> Result<()> {
        if length <= self.size.saturating_sub(self.offset) {
            return Ok(());
        }
        Err(self.truncated(length))
    }

    fn truncated(&self, length: u64) -> Error {
        Error::data(format!(
            "offset {}: expected {length} more bytes, but the file ends {} bytes on",
            self.offset,
            self.size.saturating_sub(self.offset)
        ))
        .help("the file is cut short or damaged: copy it again")
    }
}
