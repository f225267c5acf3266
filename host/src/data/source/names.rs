//! Many names in little memory.

use ficta_core::Result;

use super::offsets::Offsets;

/// Byte strings end to end: their bytes and five more each. File names need not be UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    bytes: Vec<u8>,
    ends: Offsets,
}

impl Names {
    /// Number of names.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a name at the end.
    ///
    /// # Errors
    /// More than 2^40 bytes of names.
    pub(crate) fn push(&mut self, name: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len() as u64)
    }

    /// The name at `index`.
    ///
    /// # Panics
    /// Where there is none.
    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1) };
        &self.bytes[start as usize..self.ends.get(index) as usize]
    }

    /// The name at `index` as text; what is not UTF-8 is replaced.
    pub(crate) fn text(&self, index: usize) -> String {
        String::from_utf8_lossy(self.get(index)).into_owned()
    }

    /// Gives back what was allocated in advance.
    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let mut names = Names::default();
        let all: [&[u8]; 4] = [b"s1", b"", b"\xff.png", b"s10"];
        all.iter().for_each(|name| names.push(name).unwrap());
        names.shrink();
        assert_eq!((0..names.len()).map(|i| names.get(i)).collect::<Vec<_>>(), all);
        assert_eq!(names.text(2), "\u{fffd}.png");
    }
}
