//! Bytes of a pickle, where they stand in its file.

use ficta_core::{Error, Result};

/// How bytes are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are: `BINSTRING`, `BINBYTES`, `BYTEARRAY8`.
    Raw,
    /// As UTF-8 text whose characters U+0000 to U+00FF are the bytes: how Python 3 stores `bytes` in protocols 1 and 2.
    Latin1,
    /// As Latin-1 text with `\uXXXX` for the characters that would end the line: how Python 3 stores `bytes` in protocol 0.
    RawUnicodeEscape,
    /// As a Python 2 string literal without its quotes (`\n`, `\x00`): protocol 0.
    Repr,
}

/// Bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where they begin.
    pub offset: u64,
    /// How many bytes of the file they take.
    pub length: u64,
    /// How they are written down there.
    pub encoding: Encoding,
}

impl Span {
    /// The bytes meant by `stored`, which are the bytes of the file that the span names.
    ///
    /// # Errors
    /// Text that its encoding does not allow, with its offset in the file.
    pub fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>> {
        match self.encoding {
            Encoding::Raw => Ok(stored),
            Encoding::Latin1 => self.latin1(&stored),
            Encoding::RawUnicodeEscape => self.raw_unicode_escape(&stored),
            Encoding::Repr => self.repr(&stored),
        }
    }

    fn bad(&self, at: usize, what: &str) -> Error {
        Error::data(format!("offset {}: {what}", self.offset + at as u64))
    }

    fn latin1(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let text = std::str::from_utf8(stored)
            .map_err(|e| self.bad(e.valid_up_to(), "bytes stored as text that is no UTF-8"))?;
        let byte = |(at, c): (usize, char)| {
            u8::try_from(u32::from(c)).map_err(|_| self.bad(at, "bytes stored as text with a character above U+00FF"))
        };
        text.char_indices().map(byte).collect()
    }

    fn raw_unicode_escape(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(stored.len());
        let mut at = 0;
        while let Some(&byte) = stored.get(at) {
            if byte == b'\\' && stored.get(at + 1) == Some(&b'u') {
                let code = hex(stored.get(at + 2..at + 6)).and_then(|code| u8::try_from(code).ok());
                out.push(code.ok_or_else(|| self.bad(at, "expected `\\u` and four hexadecimal digits of a byte"))?);
                at += 6;
            } else {
                out.push(byte);
                at += 1;
            }
        }
        Ok(out)
    }

    fn repr(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(stored.len());
        let mut at = 0;
        while let Some(&byte) = stored.get(at) {
            at += 1;
            if byte != b'\\' {
                out.push(byte);
                continue;
            }
            let escaped = stored
                .get(at)
                .ok_or_else(|| self.bad(at - 1, "a string ends after a backslash"))?;
            at += 1;
            let plain = match escaped {
                b'\\' | b'\'' | b'"' => *escaped,
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                b'x' => {
                    at += 2;
                    let code = hex(stored.get(at - 2..at)).and_then(|code| u8::try_from(code).ok());
                    code.ok_or_else(|| self.bad(at - 4, "expected `\\x` and two hexadecimal digits"))?
                }
                b'0'..=b'7' => {
                    let digits = stored[at - 1..].iter().take(3).take_while(|d| matches!(d, b'0'..=b'7'));
                    let (count, code) = digits.fold((0, 0u32), |(n, code), d| (n + 1, code * 8 + u32::from(d - b'0')));
                    at += count - 1;
                    (code & 0xff) as u8
                }
                _ => return Err(self.bad(at - 2, "an escape that Python does not write")),
            };
            out.push(plain);
        }
        Ok(out)
    }
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    digits?
        .iter()
        .try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, stored: &[u8]) -> Result<Vec<u8>> {
        let span = Span {
            offset: 100,
            length: stored.len() as u64,
            encoding,
        };
        span.decode(stored.to_vec())
    }

    #[test]
    fn every_byte_comes_back_from_every_encoding() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decoded(Encoding::Raw, &all).unwrap(), all);
        let latin1: String = all.iter().map(|b| char::from(*b)).collect();
        assert_eq!(decoded(Encoding::Latin1, latin1.as_bytes()).unwrap(), all);
        let escaped: Vec<u8> = all
            .iter()
            .flat_map(|b| match b {
                0 | b'\n' | b'\r' | 0x1a | b'\\' => format!("\\u{b:04x}").into_bytes(),
                other => vec![*other],
            })
            .collect();
        assert_eq!(decoded(Encoding::RawUnicodeEscape, &escaped).unwrap(), all);
        let repr: String = all.iter().map(|b| format!("\\x{b:02x}")).collect();
        assert_eq!(decoded(Encoding::Repr, repr.as_bytes()).unwrap(), all);
        let named = br#"\\\'\"\a\b\t\n\v\f\r\0\101x\3770"#;
        assert_eq!(
            decoded(Encoding::Repr, named).unwrap(),
            b"\\'\"\x07\x08\t\n\x0b\x0c\r\0Ax\xff0"
        );
    }

    #[test]
    fn what_is_no_encoding_is_refused_with_its_offset() {
        let message = |encoding, stored: &[u8]| decoded(encoding, stored).unwrap_err().message().to_owned();
        assert!(message(Encoding::Latin1, b"ab\xff").starts_with("offset 102: "));
        assert!(message(Encoding::Latin1, "ab\u{100}".as_bytes()).starts_with("offset 102: "));
        assert!(message(Encoding::RawUnicodeEscape, b"a\\u12").starts_with("offset 101: "));
        assert!(message(Encoding::RawUnicodeEscape, b"a\\u0100").starts_with("offset 101: "));
        assert!(message(Encoding::Repr, b"a\\").starts_with("offset 101: "));
        assert!(message(Encoding::Repr, b"a\\x1").starts_with("offset 101: "));
        assert!(message(Encoding::Repr, b"\\q").starts_with("offset 100: "));
    }
}
