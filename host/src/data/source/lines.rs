//! Lines of a text that may be large, damaged or not UTF-8.

/// A line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: usize,
    /// Where it begins in the text.
    pub(crate) offset: u64,
    /// Its bytes without `\n` or `\r\n`.
    pub(crate) text: &'a [u8],
}

impl<'a> Line<'a> {
    /// The line for a message: quoted, shortened, what cannot be printed escaped.
    pub(crate) fn shown(&self) -> String {
        let start = &self.text[..self.text.len().min(60)];
        let more = if start.len() < self.text.len() { "..." } else { "" };
        format!("`{}{more}`", start.escape_ascii())
    }

    /// Its fields: between tabs where it has any, else between blanks.
    pub(crate) fn fields(&self) -> Vec<&'a [u8]> {
        match self.text.contains(&b'\t') {
            true => self.text.split(|b| *b == b'\t').collect(),
            false => self.text.split(|b| *b == b' ').filter(|f| !f.is_empty()).collect(),
        }
    }
}

/// The lines of a text.
pub(crate) struct Lines<'a> {
    all: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    /// From the first line.
    pub(crate) fn of(all: &'a [u8]) -> Self {
        Self { all, at: 0, number: 0 }
    }

    /// The line that begins at `offset`; its number is not known (0).
    pub(crate) fn at(all: &'a [u8], offset: usize) -> Option<Line<'a>> {
        let number = 0;
        let mut from = Self {
            all,
            at: offset,
            number,
        };
        from.next().map(|line| Line { number, ..line })
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.all.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let offset = self.at as u64;
        self.at += length + 1;
        self.number += 1;
        let text = &rest[..length];
        Some(Line {
            number: self.number,
            offset,
            text: text.strip_suffix(b"\r").unwrap_or(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_place() {
        let text = b"a b\r\n\nc\td e\xff";
        let lines: Vec<_> = Lines::of(text).map(|l| (l.number, l.offset, l.text)).collect();
        assert_eq!(lines, [(1, 0, &b"a b"[..]), (2, 5, b""), (3, 6, b"c\td e\xff")]);
        let last = Lines::at(text, 6).unwrap();
        assert_eq!(last.fields(), [&b"c"[..], b"d e\xff"]);
        assert_eq!(last.shown(), "`c\\td e\\xff`");
        assert!(Lines::at(text, 99).is_none());
    }
}
